/** JobProgress of what does not move in bytes: a tree of small files takes its time, and says so. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { JobProgress } from '../../jobs/job.ts';
import { ProgressTeller } from './progress.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const counters = { bytesDone: 0, entriesDone: 0, uploadedBytes: 0 };

function tellerOf(totals: {
  readonly bytes: number;
  readonly entries: number;
}): () => JobProgress | undefined {
  let last: JobProgress | undefined;
  const teller = new ProgressTeller(
    (progress) => (last = progress),
    () => totals,
    () => counters,
  );
  Object.assign(counters, { bytesDone: 0, entriesDone: 0 });
  teller.begin('ReadingFiles', 'file tree files');
  return () => last;
}

test('20,000 small files behind a database: neither nearly done nor about to end while they are read', () => {
  const last = tellerOf({ bytes: 400_000_000, entries: 20_000 });
  for (let second = 0; second < 4; second++) {
    counters.bytesDone += 98_000_000;
    vi.advanceTimersByTime(1000);
  }
  expect(last()?.percent).toBeLessThan(25);
  for (let second = 0; second < 60; second++) {
    counters.bytesDone += 24_000;
    counters.entriesDone += 60;
    vi.advanceTimersByTime(1000);
  }
  const left = (20_000 - 3600) / 60;
  expect(last()?.percent).toBeLessThan(40);
  expect(last()?.secondsLeft).toBeGreaterThan(left / 2);
  expect(last()?.secondsLeft).toBeLessThan(left * 2);
  expect(last()?.message).toContain('3600 of 20000 files and directories');
});

test('large files are told in bytes as before', () => {
  const last = tellerOf({ bytes: 1_000_000_000, entries: 10 });
  for (let second = 0; second < 10; second++) {
    counters.bytesDone += 50_000_000;
    vi.advanceTimersByTime(1000);
  }
  expect(last()?.percent).toBeCloseTo(2 + 95 / 2, 0);
  expect(last()?.secondsLeft).toBe(10 + 1);
});

test('at the end everything is done, also when there was nothing', () => {
  const last = tellerOf({ bytes: 0, entries: 0 });
  expect(last()).toMatchObject({
    percent: 97,
    message: expect.not.stringContaining('directories') as unknown,
  });
});

test('while the trees are still being measured nothing is said of what is left, however far the database is', () => {
  let last: JobProgress | undefined;
  let totals: { readonly bytes: number; readonly entries: number } | undefined;
  const teller = new ProgressTeller(
    (progress) => (last = progress),
    () => totals,
    () => counters,
  );
  Object.assign(counters, { bytesDone: 400_000_000, entriesDone: 0 });
  teller.begin('ReadingDatabase');
  vi.advanceTimersByTime(5000);
  expect(last).toMatchObject({
    percent: 2,
    message: '381.5 MiB read, how much there is is being measured, 0 B new',
  });
  expect(last).not.toHaveProperty('secondsLeft');
  totals = { bytes: 400_000_000, entries: 20_000 };
  vi.advanceTimersByTime(1000);
  expect(last?.percent).toBeLessThan(25);
});
