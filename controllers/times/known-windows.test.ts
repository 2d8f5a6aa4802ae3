import { isDeepStrictEqual } from 'node:util';
import { expect, it } from 'vitest';
import type { UpdateWindow } from '../../crds/index.ts';
import { KnownWindows } from './known-windows.ts';
import { windowState } from './update-windows.ts';

const windows: readonly UpdateWindow[] = [
  { days: ['Mon', 'Wed'], start: '22:30', durationMinutes: 45, timeZone: 'Europe/Berlin' },
  { days: ['Sun'], start: '01:15', durationMinutes: 120, timeZone: 'America/Lima' },
];

it('answers at each moment as if it were asked for the first time', () => {
  const known = new KnownWindows();
  const start = Date.parse('2026-03-27T00:00:13Z');
  const wrong: string[] = [];
  for (let minutes = 0; minutes < 4 * 1440; minutes += 7) {
    const now = new Date(start + minutes * 60_000);
    if (!isDeepStrictEqual(known.state(windows, now), windowState(windows, now)))
      wrong.push(now.toISOString());
  }
  expect(wrong).toEqual([]);
});

it('knows of no windows that a stack is always open', () =>
  expect(new KnownWindows().state(undefined, new Date())).toEqual({ kind: 'Open' }));
