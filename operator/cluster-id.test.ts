import { expect, it } from 'vitest';
import { silentLogger } from '../runtime/report/logger.ts';
import { clusterIDOf } from './cluster-id.ts';

it('the question which cluster this is, is asked until there is an answer, with growing pauses', async () => {
  const paused: number[] = [];
  const cluster = {
    clusterID: () => (paused.length < 4 ? Promise.reject(new Error('forbidden')) : Promise.resolve('c-1')),
  };
  const pause = async (seconds: number): Promise<void> => void paused.push(seconds);
  expect(await clusterIDOf(cluster, silentLogger, new AbortController().signal, pause)).toBe('c-1');
  expect(paused).toHaveLength(4);
  expect(paused.at(-1)).toBeGreaterThan(2 * (paused[0] ?? 0));
});

it('the question ends with the process', async () => {
  const stop = new AbortController();
  const cluster = { clusterID: () => Promise.reject(new Error('forbidden')) };
  const pause = async (): Promise<void> => stop.abort(new Error('stopped'));
  await expect(clusterIDOf(cluster, silentLogger, stop.signal, pause)).rejects.toThrow('stopped');
});
