import { expect, it } from 'vitest';
import { packsLine } from './view-packs.ts';
import { now } from '../view/testing.ts';

const unused = { count: 3, bytes: 3 * 2 ** 20, newestTime: '2026-03-01T02:10:00Z' };
const some = { count: 120, bytes: 2 ** 30, unused, unreadable: [] };

it('packs that are all used need few words', () => {
  expect(packsLine({ ...some, unused: { count: 0, bytes: 0 } }, [], now)).toBe(
    'packs: 120 of 1.0 GiB, each used by a complete backup',
  );
  expect(packsLine({ count: 0, bytes: 0, unused: { count: 0, bytes: 0 }, unreadable: [] }, [], now)).toBe(
    'packs: none',
  );
});

it('packs that no complete backup uses are told with their age, where they may be from, and what becomes of them', () => {
  expect(packsLine(some, [], now)).toBe(
    'packs: 120 of 1.0 GiB; no complete backup uses 3 of them (3.0 MiB, the newest stored 2026-03-01 02:10Z (50m ago)): interrupted tries left them, or a backup that runs now. ' +
      'The next try of the same backup uses what it can; the rest stay until the store’s own lifecycle removes them after their retention',
  );
  expect(packsLine(some, ['acme-20260301'], now)).toContain('a backup that runs now (acme-20260301). ');
});

it('a backup whose list cannot be read makes the number unknown, not wrong', () => {
  const unreadable = ['a', 'b', 'c', 'd'].map((backupID) => ({
    backupID,
    message: `${backupID} has no list`,
  }));
  const line = packsLine({ count: 120, bytes: 2 ** 30, unreadable }, [], now);
  expect(line).toBe(
    'packs: 120 of 1.0 GiB; the number of unused ones is unknown, because the list of packs of a, b, c and 1 more cannot be read: a has no list',
  );
});
