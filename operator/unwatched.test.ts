import { expect, it, vi } from 'vitest';
import { stackKind, type JtelStack } from '../crds/index.ts';
import { ApiError } from '../runtime/client/api-error.ts';
import { MemoryCluster } from '../runtime/fake/memory-cluster.ts';
import { silentLogger, type Logger } from '../runtime/report/logger.ts';
import { warnOfUnwatched, type UnwatchedSearch } from './unwatched.ts';

const { signal } = new AbortController();

async function warningsOf(changes: Partial<UnwatchedSearch>): Promise<unknown> {
  const cluster = new MemoryCluster();
  for (const namespace of ['watched', 'left'])
    await cluster.create(stackKind, { metadata: { namespace, name: 'acme' }, spec: {} } as JtelStack, {
      signal,
    });
  const warn = vi.fn<Logger['warn']>();
  const logger = { ...silentLogger, warn };
  const mayListAll = () => Promise.resolve(true);
  await warnOfUnwatched({ cluster, namespaces: ['watched'], mayListAll, logger, ...changes }, { signal });
  return warn.mock.calls;
}

it('stacks in namespaces that the operator was not told of are named', async () => {
  expect(await warningsOf({})).toEqual([
    [expect.stringContaining('not told to look after'), { namespaces: ['left'], count: 1 }],
  ]);
});

it.each<[string, Partial<UnwatchedSearch>]>([
  ['it looks after all', { namespaces: 'All' }],
  ['it looks after each that has stacks', { namespaces: ['watched', 'left'] }],
  ['it may not list them', { mayListAll: () => Promise.resolve(false) }],
  [
    'the API server does not answer',
    { mayListAll: () => Promise.reject(new ApiError(0, 'Timeout', 'no answer')) },
  ],
])('nothing is said when %s', async (_, changes) => {
  expect(await warningsOf(changes)).toEqual([]);
});
