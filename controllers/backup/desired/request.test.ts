import { describe, expect, test } from 'vitest';
import { defaultLimits } from './limits.ts';
import { firstGrantSeconds, grantSeconds, methodFor } from './request.ts';
import { aBackup } from '../testing.ts';

const hour = 3600;
const like = { epoch: '20260301', keyID: 'a', database: 'Physical' as const };

describe('the right to write lasts', () => {
  test.each([
    ['four times as long as the last backup took', 1, 2, 8],
    ['an hour at least', 1, 0.01, 1],
    ['the window at most', 1, 7, 12],
    ['the whole window of a second try', 2, 0.01, 24],
    ['an hour when the last backup ended before it began', 1, -1, 1],
  ])('%s', (_what, attempt, hours, expected) => {
    const writeSeconds = firstGrantSeconds({ ...like, seconds: hours * hour }, like);
    expect(writeSeconds).toBeDefined();
    const backup = aBackup({ attempt, writeSeconds: writeSeconds ?? 0 });
    expect(grantSeconds(backup, defaultLimits)).toBe(expected * hour);
  });

  test.each([
    ['there is none', undefined],
    ['it is of another epoch', { ...like, epoch: '20260201' }],
    ['it was encrypted with another key', { ...like, keyID: 'b' }],
    ['it was not encrypted', { epoch: like.epoch, database: like.database }],
    ['its database was backed up in another way', { ...like, database: 'Logical' as const }],
  ])('the window when the last backup says nothing of this one: %s', (_why, last) => {
    expect(
      firstGrantSeconds(last === undefined ? undefined : { ...last, seconds: 60 }, like),
    ).toBeUndefined();
    expect(grantSeconds(aBackup({ attempt: 1 }), defaultLimits)).toBe(12 * hour);
  });
});

test.each([
  ['by its files, if nothing else is asked for', undefined, true, 'Physical'],
  ['as rows, if the release does not say that', 'Physical', false, 'Logical'],
  ['as rows, if that is asked for', 'Logical', true, 'Logical'],
] as const)('the database is backed up %s', (_, method, canPhysical, expected) => {
  expect(methodFor(method, canPhysical)).toBe(expected);
});
