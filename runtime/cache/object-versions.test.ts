import { expect, it, onTestFinished } from 'vitest';
import {
  refusal,
  startScriptedApiServer,
  watchOf,
  type Answer,
} from '../../test/support/scripted-api-server.ts';
import { RecordingLogger } from '../../test/support/recording-logger.ts';
import { waitFor } from '../../test/support/wait.ts';
import { formatKey } from '../objects.ts';
import { silentLogger, type Logger } from '../report/logger.ts';
import { ObjectVersions } from './object-versions.ts';

const kind = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true };

const event = (type: string, name: string, resourceVersion: string): object => ({
  type,
  object: { metadata: { namespace: 'x', name, resourceVersion } },
});
const expired = { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } };
/** Stays open. */
const silence: Answer = (response) => response.writeHead(200).flushHeaders();

async function follow(
  watches: readonly Answer[],
  logger: Logger = silentLogger,
): Promise<{
  readonly of: (name: string) => string | undefined;
  readonly requests: readonly string[];
  readonly heard: readonly string[];
}> {
  const server = await startScriptedApiServer({ lists: [], watches });
  const versions = new ObjectVersions({
    connection: server.connection,
    kind,
    namespaces: 'All',
    logger,
  });
  const heard: string[] = [];
  versions.onChange((key) => heard.push(formatKey(key)));
  const stop = new AbortController();
  const running = versions.run(stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await running;
    await server.close();
  });
  return {
    of: (name) => versions.versionOf({ namespace: 'x', name }),
    requests: server.requests,
    heard,
  };
}

it('goes on from where an agreed end was, and believes what it heard', async () => {
  const { of, requests, heard } = await follow([
    watchOf([event('ADDED', 'a', '1'), event('ADDED', 'b', '2'), event('DELETED', 'b', '3')], 'ends'),
    silence,
  ]);
  await waitFor('the second watch', () => requests.length === 2);
  expect(requests).toEqual(['watch ', 'watch 3']);
  expect([of('a'), of('b')]).toEqual(['1', undefined]);
  expect(heard).toEqual(['x/a', 'x/b', 'x/b']);
});

it.each([
  ['an expired version', watchOf([event('ADDED', 'a', '2'), expired])],
  ['a refusal', refusal(500, 'InternalError')],
])('believes nothing of before after %s, until it has heard all again', async (_, trouble) => {
  const { of, requests } = await follow([watchOf([event('ADDED', 'old', '1')], 'ends'), trouble, silence]);
  await waitFor('the watch after it', () => requests.length === 3);
  expect(requests.at(-1)).toBe('watch ');
  expect([of('old'), of('a')]).toEqual([undefined, undefined]);
});

it('takes a beginning that is said to be too old for trouble, and does not ask without a pause', async () => {
  const logger = new RecordingLogger();
  const { requests } = await follow([refusal(410, 'Expired'), silence], logger);
  await waitFor('the watch after it', () => requests.length === 2);
  expect(logger.messages('warn')).toEqual([expect.stringContaining('versions are not followed now')]);
});
