import { describe, expect, it } from 'vitest';
import { ToldLines } from './told-lines.ts';

const stdout = { stream: 'stdout', time: '2026-11-30T10:00:20.700000000Z', text: '' } as const;
const seconds = Date.UTC(2026, 10, 30, 10, 0, 20) / 1000;

describe('Docker is asked for what was written', () => {
  it('ever, when nothing was told', () => expect(new ToldLines().since()).toBeUndefined());
  it('since the time that was asked for, when nothing was told', () =>
    expect(new ToldLines('all', 5).since()).toBe(5));
  it.each([
    [undefined, seconds - 10],
    [seconds - 20, seconds - 10],
    [seconds - 2, seconds - 2],
  ])('since %j, or shortly before the newest line', (asked, since) => {
    const told = new ToldLines('all', asked);
    told.note(stdout);
    told.note({ ...stdout, stream: 'stderr', time: '2026-11-30T09:00:00.000000000Z' });
    expect(told.since()).toBe(since);
  });
});

it('a line without a time moves no floor', () => {
  const told = new ToldLines(1);
  told.note({ ...stdout, time: '' });
  expect(told.floor()).toEqual({ stdout: '', stderr: '' });
});
