import { expect, test } from 'vitest';
import { RedoGuard } from './redo-guard.ts';

const mebibyte = 1024 * 1024;
const capacityBytes = 16 * mebibyte;

test('a limit holds while the log has room, and gives way until its next piece has come', () => {
  const guard = new RedoGuard();
  const look = (pieces: number, mebibytes: number): boolean => {
    guard.look(pieces, { position: mebibytes * mebibyte, capacityBytes });
    return guard.isUrgent;
  };
  expect(guard.isUrgent).toBe(true);
  expect([look(0, 100), look(0, 102), look(0, 104)]).toEqual([false, false, false]);
  expect([look(0, 105), look(0, 110)]).toEqual([true, true]);
  expect([look(1, 111), look(1, 115), look(1, 116)]).toEqual([false, false, true]);
});

test('of a server that says nothing the worst is assumed', () => {
  const guard = new RedoGuard();
  guard.look(0, { position: 1, capacityBytes });
  guard.lost();
  expect(guard.isUrgent).toBe(true);
});
