/** A host's Docker may answer anything; whoever asks gets a HostError with a sentence, and nothing of the answer. */
import { expect, it } from 'vitest';
import type { DockerClient } from './client.ts';
import { observeDocker } from './observe.ts';
import { longestAnswer } from './open-client.ts';

const { signal } = new AbortController();
const container = {
  Id: 'a',
  Names: ['/a'],
  Labels: { 'com.docker.compose.project': 'p' },
  State: 'running',
  Status: 'Up',
};
const details = {
  Name: '/a',
  Config: { Image: 'i', Labels: {} },
  State: { Status: 'running', StartedAt: '', FinishedAt: '', Running: true },
};
const usual = {
  containers: [container],
  volumes: { Volumes: [{ Name: 'p_data' }] },
  version: { Version: '27', ApiVersion: '1.47' },
  networks: [
    { Name: 'bridge', IPAM: { Config: null } },
    { Name: 'other', IPAM: { Config: [{}] } },
  ],
  images: [{ RepoDigests: null }, {}],
  details,
};

function dockerThatAnswers(change: Partial<Record<keyof typeof usual, unknown>>): DockerClient {
  const answers = { ...usual, ...change };
  const api = {
    listContainers: () => Promise.resolve(answers.containers),
    listVolumes: () => Promise.resolve(answers.volumes),
    version: () => Promise.resolve(answers.version),
    listNetworks: () => Promise.resolve(answers.networks),
    listImages: () => Promise.resolve(answers.images),
    getContainer: () => ({ inspect: () => Promise.resolve(answers.details) }),
  };
  return { host: 'h', api, streams: api, ready: () => Promise.resolve() } as unknown as DockerClient;
}

it('what Docker answers as a rule is read, with lists that are null', async () => {
  expect(await observeDocker(dockerThatAnswers({}), 'p', 'full', signal)).toMatchObject({
    containers: [{ id: 'a' }],
    volumes: ['p_data'],
  });
});

it.each([
  ['containers', {}],
  ['containers', [{ ...container, Labels: null }]],
  ['containers', Buffer.from('noise')],
  ['volumes', []],
  ['version', null],
  ['networks', { message: 'secret words' }],
  ['networks', [null]],
  ['images', 'secret words'],
  ['details', { Name: 'secret words' }],
])('nonsense in place of %s becomes a sentence: %j', async (question, answer) => {
  const docker = dockerThatAnswers({ [question]: answer });
  await expect(observeDocker(docker, 'p', 'full', signal)).rejects.toMatchObject({
    name: 'HostError',
    reason: 'DockerUnavailable',
    message: expect.stringMatching(/^Docker on h answered (?!.*(secret|is not a function|undefined))/),
  });
});

it('a list may have 4 MiB, and a log 32', () => {
  expect(longestAnswer('GET /containers/json?all=1 HTTP/1.1')).toBe(4 * 2 ** 20);
  expect(longestAnswer('GET /containers/a/logs?tail=200 HTTP/1.1')).toBe(32 * 2 ** 20);
});
