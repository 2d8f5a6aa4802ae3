import { expect, test } from 'vitest';
import { part, progressReport } from './report.ts';

test('a change of step is told at once, the same step only once in a while', () => {
  const lines: string[] = [];
  let now = 0;
  const report = progressReport(
    (line) => lines.push(line),
    () => now,
    1000,
  );
  report({ step: 'Downloading', percent: 1 });
  now = 500;
  report({ step: 'Downloading', percent: 2 });
  report({ step: 'Verifying', percent: 30 });
  now = 1500;
  report({ step: 'Verifying', percent: 31.9, message: 'data set 1 of 2' });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { progress: { step: 'Downloading', percent: 1 } },
    { progress: { step: 'Verifying', percent: 30 } },
    { progress: { step: 'Verifying', percent: 31, message: 'data set 1 of 2' } },
  ]);
});

test('percentages never fall and end at 100', () => {
  const told: number[] = [];
  const report = progressReport(
    (line) => told.push((JSON.parse(line) as { progress: { percent: number } }).progress.percent),
    () => 0,
  );
  report({ step: 'a', percent: 50 });
  report({ step: 'b', percent: 20 });
  report({ step: 'c', percent: 130 });
  expect(told).toEqual([50, 50, 100]);
});

test('a part of the job is mapped into the whole', () => {
  expect([part(30, 50, 0), part(30, 50, 0.5), part(30, 50, 7)]).toEqual([30, 40, 50]);
});
