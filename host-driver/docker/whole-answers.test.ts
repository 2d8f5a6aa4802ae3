/** A host's Docker may answer anything, or break off. Whoever asks gets a HostError with a sentence, in time, and nothing of the answer. */
import { Agent } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import Docker from 'dockerode';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DockerClient } from './client.ts';
import { containerEvents } from './events.ts';
import { readJob } from './jobs.ts';
import { serviceLog } from './logs.ts';
import { observeDocker } from './observe.ts';
import { longestAnswer } from './open-client.ts';
import { pullImages } from './pull.ts';
import { removeJob } from './remove-job.ts';
import { removeStaleContainers } from './stale-containers.ts';
import { pruneVolumes, refuseChangedVolumes } from './volumes.ts';
import { readAnswersWhole, type DockerModem } from './whole-answers.ts';

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
/** By how the path begins; the first counts. */
const usual: readonly (readonly [path: string, answer: unknown])[] = [
  ['/containers/json', [container]],
  ['/containers/', details],
  ['/volumes', { Volumes: [{ Name: 'p_data' }] }],
  ['/version', { Version: '27', ApiVersion: '1.47' }],
  [
    '/networks',
    [
      { Name: 'bridge', IPAM: { Config: null } },
      { Name: 'other', IPAM: { Config: [{}] } },
    ],
  ],
  ['/images', [{ RepoDigests: null }, {}]],
];

/** Gives another answer than usual. */
let instead: (path: string, socket: Socket) => unknown;
const isUsual = Symbol('usual');
let server: Server;
let docker: DockerClient;
let agent: Agent;
let connections: number;

beforeAll(async () => {
  server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      const path = / (\S+) HTTP/.exec(chunk.toString('latin1'))?.[1] ?? '';
      if (instead(path, socket) !== isUsual) return;
      const [, answer] = usual.find(([beginning]) => path.startsWith(beginning)) ?? [];
      socket.write(whole(JSON.stringify(answer)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

beforeEach(() => {
  const { port } = server.address() as AddressInfo;
  agent = new Agent({ keepAlive: true });
  const options: Docker.DockerOptions & { readonly agent: Agent } = {
    protocol: 'http',
    host: '127.0.0.1',
    port,
    agent,
  };
  const api = new Docker(options);
  readAnswersWhole(api.modem as DockerModem);
  docker = { host: 'h', api, streams: api, ready: () => Promise.resolve() };
  connections = 0;
  instead = () => isUsual;
});

afterEach(() => agent.destroy());
afterAll(() => server.close());

function whole(body: string, status = '200 OK'): string {
  return `HTTP/1.1 ${status}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function answers(question: string, answer: unknown): void {
  instead = (path, socket) =>
    path.startsWith(question) ? socket.write(whole(JSON.stringify(answer))) : isUsual;
}

it('what Docker answers as a rule is read, with lists that are null', async () => {
  expect(await observeDocker(docker, 'p', 'full', signal)).toMatchObject({
    containers: [{ id: 'a' }],
    volumes: ['p_data'],
  });
});

it('containers of others are not asked for: a host may have ten thousand', async () => {
  const asked: string[] = [];
  instead = (path) => (asked.push(decodeURIComponent(path)), isUsual);
  await observeDocker(docker, 'p', 'full', signal);
  await removeStaleContainers(docker, 'p', {}, signal, (remove) => remove());
  const lists = asked.filter((path) => path.startsWith('/containers/json'));
  expect(lists).toHaveLength(3);
  for (const path of lists)
    expect(path).toMatch(/filters=\{"label":\["(com\.docker\.compose|jtel\.de\/)\.?project=p"\]\}/);
});

it.each([
  ['/containers/json', {}],
  ['/containers/json', [{ ...container, Labels: null }]],
  ['/containers/json', [{ ...container, Created: 'secret words' }]],
  ['/containers/json', 'noise'],
  ['/volumes', []],
  ['/version', null],
  ['/networks', { message: 'secret words' }],
  ['/networks', [null]],
  ['/images', 'secret words'],
  ['/containers/a', { Name: 'secret words' }],
])('nonsense in place of %s becomes a sentence: %j', async (question, answer) => {
  answers(question, answer);
  await expect(observeDocker(docker, 'p', 'full', signal)).rejects.toMatchObject({
    name: 'HostError',
    reason: 'DockerUnavailable',
    message: expect.stringMatching(/^Docker on h answered (?!.*(secret|is not a function|undefined))/),
  });
});

const image = { repository: 'r.example/web', tag: '1', digest: `sha256:${'1'.repeat(64)}` };
const state = { previous: undefined } as unknown as Parameters<typeof pruneVolumes>[2];
const locked = (_project: unknown, remove: () => Promise<unknown>) => remove() as Promise<void>;

/** All questions of ours, each with the path at which the answer breaks off. */
const questions: readonly (readonly [what: string, path: string, ask: () => Promise<unknown>])[] = [
  ...usual.map(([path]) => ['a look', path, () => observeDocker(docker, 'p', 'full', signal)] as const),
  ['the log of a service', '/containers/json', () => serviceLog(docker, 'p', 's', 10, signal)],
  ['the log of a service', '/containers/a/logs', () => serviceLog(docker, 'p', 's', 10, signal)],
  ['the report of a job', '/containers/jtel-job-1/json', () => readJob(docker, '1', signal)],
  ['the report of a job', '/containers/jtel-job-1/logs', () => readJob(docker, '1', signal)],
  ['the removal of a job', '/containers/json', () => removeJob(docker, '1', signal, locked)],
  ['the volumes before a start', '/volumes', () => refuseChangedVolumes(docker, 'p', {}, signal)],
  ['the volumes to prune', '/volumes', () => pruneVolumes(docker, 'p', state, signal)],
  [
    'containers on other volumes',
    '/containers/json',
    () => removeStaleContainers(docker, 'p', {}, signal, (remove) => remove()),
  ],
  ['an image', '/images/', () => pullImages(docker, [image], [], () => undefined, signal)],
  ['the events', '/events', () => containerEvents(docker, signal).next()],
];

describe.each([
  ['before its body', 'HTTP/1.1 200 OK\r\ncontent-le'],
  ['in the middle', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[{"Id":"a"'],
  ['in the middle of a part', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n64\r\n[{"Id":"a"'],
  ['in the middle of an error', 'HTTP/1.1 500 Oops\r\ncontent-length: 100\r\n\r\n{"message":"'],
])('an answer that breaks off %s', (_, bytes) => {
  it.each(questions)('ends %s at once, with a sentence (%s)', async (_what, path, ask) => {
    instead = (asked, socket) => (asked.startsWith(path) ? socket.end(bytes) : isUsual);
    await expect(ask()).rejects.toMatchObject({
      name: 'HostError',
      reason: 'HostUnreachable',
      message: expect.stringMatching(/^(the connection to Docker on h was lost|Docker on h ended)/),
    });
  });
});

it('an answer that does not come ends with the time of its question', async () => {
  instead = (_path, socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[');
  const late = AbortSignal.timeout(50);
  await expect(docker.api.listContainers({ abortSignal: late })).rejects.toMatchObject({
    name: 'TimeoutError',
  });
});

it('a channel that never opens ends with the time of its question', async () => {
  const never: DockerModem = { dial: () => undefined };
  readAnswersWhole(never);
  const question = { path: '/version', method: 'GET', statusCodes: {}, abortSignal: AbortSignal.timeout(20) };
  const { error } = await new Promise<{ readonly error: unknown }>((resolve) =>
    never.dial(question, (reason) => resolve({ error: reason })),
  );
  expect(error).toMatchObject({ name: 'TimeoutError' });
});

it.each([
  [{ message: 'no such image' }, 'no such image'],
  [{ message: { toString: 'x' } }, '{"message":{"toString":"x"}}'],
  [null, 'null'],
  [{ message: 'x'.repeat(1_000_000) }, 'x'.repeat(2000)],
])('a refusal says why, shortened, whatever its form: %o', async (answer, said) => {
  instead = (_path, socket) => socket.write(whole(JSON.stringify(answer), '500 Oops'));
  await expect(docker.api.listContainers({ abortSignal: signal })).rejects.toMatchObject({
    statusCode: 500,
    message: expect.stringContaining(said.slice(0, 100)),
  });
});

it('questions one after the other use one connection', async () => {
  for (let count = 0; count < 3; count += 1) await docker.api.listVolumes({ abortSignal: signal });
  expect(connections).toBe(1);
});

it('a list with more objects than any host has is not made into one', async () => {
  answers('/containers/json', JSON.parse(`[${'[],'.repeat(200_001)}[]]`));
  await expect(observeDocker(docker, 'p', 'quick', signal)).rejects.toMatchObject({
    reason: 'DockerUnavailable',
  });
});

it('a list may have 4 MiB, and a log 32', () => {
  expect(longestAnswer('GET /containers/json?all=1 HTTP/1.1')).toBe(4 * 2 ** 20);
  expect(longestAnswer('GET /containers/a/logs?tail=200 HTTP/1.1')).toBe(32 * 2 ** 20);
});
