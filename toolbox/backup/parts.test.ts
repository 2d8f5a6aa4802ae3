/** The small parts of the backup job: globs, throttle, input. */
import { describe, expect, test } from 'vitest';
import { Throttle } from './context.ts';
import { Globs } from './glob.ts';
import { parseSpec } from '../spec.ts';

describe('globs', () => {
  test.each([
    ['recordings/**', 'recordings/a', true],
    ['recordings/**', 'recordings/a/b.wav', true],
    ['recordings/**', 'recordings', false],
    ['recordings/**', 'old-recordings/a', false],
    ['**/*.log', 'a.log', true],
    ['**/*.log', 'x/y/a.log', true],
    ['*.log', 'x/a.log', false],
    ['a?c', 'abc', true],
    ['a?c', 'a/c', false],
    ['a.c', 'abc', false],
    ['logs/*/x', 'logs/1/x', true],
    ['logs/**/x', 'logs/x', true],
    ['logs/**/x', 'logs/1/2/x', true],
    ['(a|b)', 'a', false],
    ['/abs/x', 'abs/x', true],
    ['dir/', 'dir', true],
  ])('%s on %s: %s', (glob, path, matches) => expect(new Globs([glob]).matches(path)).toBe(matches));

  test('say which folders need not be looked into', () => {
    const globs = new Globs(['recordings/**', 'cache']);
    expect(
      ['recordings', 'cache', 'files', 'recordings/x'].map((path) => globs.matchesAllBelow(path)),
    ).toEqual([true, true, false, true]);
  });
});

test('a throttle holds its rate, and does not make up for pauses', () => {
  let now = 0;
  const throttle = new Throttle(1000, () => now);
  expect([throttle.take(500), throttle.take(500)]).toEqual([500, 1000]);
  now = 10_000;
  expect(throttle.take(1000)).toBe(1000);
  expect(new Throttle(undefined, () => now).take(1e12)).toBe(0);
});

describe('the input of a backup job', () => {
  const input = {
    type: 'backup',
    backupID: '20261123t120000z-00c0de',
    attempt: 1,
    identity: 'acme.production',
    epoch: '20261123',
    upload: {
      kind: 'SignedURL',
      containerUrl: 'https://account.blob.example/backups',
      query: 'sp=c&sig=canary',
      prefix: 'some/prefix',
      expiresTime: '2026-11-23T20:00:00Z',
    },
    known: [{ url: 'https://x/y?sig=canary', bytes: 5, sha256: 'a'.repeat(64) }],
    database: {
      kind: 'Physical',
      exchange: '/run/exchange',
      host: 'acd-dbm',
      port: 3306,
      rootPassword: 'canary',
      schemas: ['jtel'],
    },
    fileTrees: [{ name: 'files', path: '/data/files', excludes: ['recordings/**'] }],
    limits: {},
  };
  test('is taken as it is', () => expect(parseSpec(JSON.stringify(input))).toEqual(input));
  test.each([
    [{ backupID: '../x' }, 'backupID'],
    [{ attempt: 0 }, 'attempt'],
    [{ identity: '../x' }, 'identity'],
    [{ epoch: 'x' }, 'epoch'],
    [{ upload: { ...input.upload, containerUrl: 'https://x/y?sig=canary' } }, 'containerUrl'],
    [{ upload: { ...input.upload, prefix: '../up' } }, 'prefix'],
    [{ known: [{ url: 'https://x?canary', bytes: 5 }] }, 'known[0] '],
    [{ known: [{ url: 'file:///canary', bytes: 5, sha256: 'a'.repeat(64) }] }, 'url'],
    [{ database: { ...input.database, rootPassword: 'canary\n' } }, 'rootPassword'],
    [{ database: { ...input.database, schemas: ["a';--"] } }, 'schemas[0]'],
    [{ fileTrees: [{ name: 'files', path: '/data/../etc', excludes: [] }] }, 'path'],
    [{ fileTrees: [{ name: 'database', path: '/d', excludes: [] }] }, 'fileTrees[0].name '],
    [{ fileTrees: [...input.fileTrees, ...input.fileTrees] }, 'twice'],
    [{ fileTrees: [], database: undefined }, 'nothing to back up'],
    [{ encryption: { keyID: 'k', key: 'canary' } }, 'key'],
  ])('%j is refused without repeating what is secret', (change, message) => {
    const error = ((): Error => {
      try {
        parseSpec(JSON.stringify({ ...input, ...change }));
        return new Error('was taken');
      } catch (caught) {
        return caught as Error;
      }
    })();
    expect(error).toMatchObject({ reason: 'SpecInvalid' });
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('canary');
  });
});
