import { describe, expect, test } from 'vitest';
import {
  backupIDAt,
  backupTime,
  epochFor,
  indexPartName,
  inStore,
  isBackupID,
  isIdentity,
  parseIndexPartName,
  paths,
} from './names.ts';

describe('a backupID', () => {
  test('is its time, sorts by it, and gives it back', () => {
    const ids = ['2026-11-23T11:59:59Z', '2026-11-23T12:00:00Z', '2027-01-01T00:00:00Z'].map((time) =>
      backupIDAt(new Date(time), 'ffffff'),
    );
    expect(ids).toEqual(ids.toSorted());
    expect(ids[1]).toBe('20261123t120000z-ffffff');
    expect(backupTime('20261123t120000z-ffffff').toISOString()).toBe('2026-11-23T12:00:00.000Z');
  });

  test.each([
    '',
    '..',
    '20261123t120000z',
    '20261323t120000z-ffffff',
    '20260230t120000z-ffffff',
    '20261123T120000Z-ffffff',
    '20261123t120000z-ffffff/..',
    '20261123t120000z-fffff\n',
  ])('is not %j', (text) => expect(isBackupID(text)).toBe(false));

  test('cannot be made of other random text', () =>
    expect(() => backupIDAt(new Date(), '../../')).toThrow('hexadecimal'));
});

describe('an epoch', () => {
  const at = (day: string): Date => new Date(`${day}T10:00:00Z`);
  test.each([
    ['begins with the first backup', '2026-11-23', undefined, '20261123'],
    ['lasts to its thirtieth day', '2026-12-22', '20261123', '20261123'],
    ['ends after thirty days', '2026-12-23', '20261123', '20261223'],
    ['is never one of the future', '2026-11-22', '20261123', '20261122'],
    ['is a new one when the last is none', '2026-11-23', '../packs', '20261123'],
  ])('%s', (_what, day, last, expected) => expect(epochFor(at(day), last)).toBe(expected));
});

test.each([
  ['acme.production', true],
  ['a', true],
  ['a..b', true],
  ['..', false],
  ['.a', false],
  ['a/b', false],
  ['A', false],
  ['a'.repeat(254), false],
])('identity %j: %s', (text, valid) => expect(isIdentity(text)).toBe(valid));

test('index parts are found again by their names, and nothing else is', () => {
  expect(parseIndexPartName(indexPartName(2, 31))).toEqual({ attempt: 2, part: 31 });
  for (const name of [
    'index-0-1.zst',
    'index-1-0.zst',
    'index-1.zst',
    'xindex-1-1.zst',
    'index-1-1.zst.tmp',
    'packs-1.zst',
  ]) {
    expect(parseIndexPartName(name)).toBeUndefined();
  }
});

test.each([
  ['', 'a/b'],
  ['/', 'a/b'],
  ['some/prefix', 'some/prefix/a/b'],
  ['/some/prefix/', 'some/prefix/a/b'],
])('below prefix %j', (prefix, expected) => {
  expect(inStore(prefix, 'a/b')).toBe(expected);
  expect(paths.pack('acme.production', '20261123', 'ff')).toBe('acme.production/packs/20261123/ff');
});
