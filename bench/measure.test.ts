import { describe, expect, test } from 'vitest';
import type { Benchmark, Contender, Trial } from './benchmark.ts';
import { measure, mergeResults, type BenchmarkResult } from './measure.ts';

/** Returns the values in turn; the first is the warm-up. */
function contender(name: string, values: readonly number[], order: string[] = []): Contender {
  let next = 0;
  return {
    name,
    run: () => {
      order.push(name);
      return Promise.resolve(values[next++] ?? 0);
    },
  };
}

function benchmark(change: Partial<Benchmark> = {}): Benchmark {
  return {
    name: 'a.b',
    unit: 'ms',
    runs: 5,
    goal: 'less than the peer',
    prepare: () => Promise.reject(new Error('not used here')),
    ...change,
  };
}

function trial(product: Contender, ...peers: Trial['peers']): Trial {
  return {
    product,
    peers,
    judge: (own, others) => ({ met: others.every((peer) => own.median < peer.median), because: '' }),
  };
}

function result(name: string, value: number): BenchmarkResult {
  return { name, value, unit: 'ms', goal: '', met: true, peer: [], runs: [], machine: '' };
}

describe('a measurement', () => {
  test('takes the median of the runs after the warm-up, beside that of the peer', async () => {
    const { result: measured } = await measure(
      benchmark(),
      trial(contender('ours', [1000, 1, 2, 3, 4, 5]), contender('peer', [1000, 10, 20, 30, 40, 50])),
      () => {},
    );
    expect(measured).toMatchObject({ name: 'a.b', value: 3, unit: 'ms', met: true, runs: [1, 2, 3, 4, 5] });
    expect(measured.peer).toEqual([{ name: 'peer', value: 30, runs: [10, 20, 30, 40, 50] }]);
  });

  test('lets the contenders run in turns, each round beginning with another', async () => {
    const order: string[] = [];
    await measure(benchmark(), trial(contender('a', [], order), contender('b', [], order)), () => {});
    expect(order.join('')).toBe(['ab', 'ab', 'ba', 'ab', 'ba', 'ab'].join(''));
  });

  test('makes five runs at least', async () => {
    const { result: measured } = await measure(
      benchmark({ runs: 1 }),
      trial(contender('a', [1, 1, 1, 1, 1, 1])),
      () => {},
    );
    expect(measured.runs).toHaveLength(5);
  });

  test('says of a peer that is not there why it has no figure, and does not judge by it', async () => {
    const { result: measured } = await measure(
      benchmark(),
      trial(contender('a', [1, 1, 1, 1, 1, 1]), { name: 'ansible', missing: 'no network' }),
      () => {},
    );
    expect(measured).toMatchObject({ met: true, peer: [{ name: 'ansible', missing: 'no network' }] });
  });

  test('fails when a run fails', async () => {
    const broken: Contender = { name: 'broken', run: () => Promise.reject(new Error('connection lost')) };
    await expect(measure(benchmark(), trial(contender('a', []), broken), () => {})).rejects.toThrow(
      'connection lost',
    );
  });
});

test('new results replace earlier ones of the same name and leave the others', () => {
  expect(mergeResults([result('b', 1), result('c', 1)], [result('b', 2), result('a', 2)])).toEqual([
    result('a', 2),
    result('b', 2),
    result('c', 1),
  ]);
});
