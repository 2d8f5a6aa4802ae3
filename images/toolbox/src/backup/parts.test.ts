/** The small parts of the backup job: globs, throttle, splitter, input. */
import { describe, expect, test } from 'vitest';
import { Throttle } from './context.ts';
import { DumpSplitter } from './dump-splitter.ts';
import { Globs } from './glob.ts';
import { parseBackupInput } from './input.ts';

describe('globs', () => {
  test.each([
    ['recordings/**', 'recordings/a', true], ['recordings/**', 'recordings/a/b.wav', true], ['recordings/**', 'recordings', false], ['recordings/**', 'old-recordings/a', false],
    ['**/*.log', 'a.log', true], ['**/*.log', 'x/y/a.log', true], ['*.log', 'x/a.log', false], ['a?c', 'abc', true], ['a?c', 'a/c', false], ['a.c', 'abc', false],
    ['logs/*/x', 'logs/1/x', true], ['logs/**/x', 'logs/x', true], ['logs/**/x', 'logs/1/2/x', true], ['(a|b)', 'a', false], ['/abs/x', 'abs/x', true], ['dir/', 'dir', true],
  ])('%s on %s: %s', (glob, path, matches) => expect(new Globs([glob]).matches(path)).toBe(matches));

  test('say which folders need not be looked into', () => {
    const globs = new Globs(['recordings/**', 'cache']);
    expect(['recordings', 'cache', 'files', 'recordings/x'].map((path) => globs.matchesAllBelow(path))).toEqual([true, true, false, true]);
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

function split(text: string, tables: readonly string[], pieceBytes: number): Record<string, string> {
  const files: Record<string, string> = {};
  const splitter = new DumpSplitter(tables, (table) => ({ write: (bytes) => void (files[table] = (files[table] ?? '') + bytes.toString()), end: () => void (files[table] += '<end>') }));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) splitter.push(bytes.subarray(at, at + pieceBytes));
  splitter.end();
  return files;
}

describe('a dump of several tables', () => {
  const section = (name: string, rows: string): string => `\n--\n-- Table structure for table \`${name}\`\n--\n\nCREATE TABLE \`${name}\`;\n${rows}\n`;
  const dump = `-- MariaDB dump\nSET NAMES utf8mb4;\n${section('a', "INSERT INTO a VALUES ('\\n--\\n-- Table structure for table `x`\\n');")}${section('b``c', '')}-- Dump completed\n`;

  test.each([1, 2, 5, 33, 100, 10_000])('becomes a file for each, in pieces of %i bytes', (pieceBytes) => {
    const files = split(dump, ['a', 'b`c'], pieceBytes);
    expect(Object.keys(files)).toEqual(['a', 'b`c']);
    for (const [name, text] of Object.entries(files)) {
      expect(text.startsWith('-- MariaDB dump\nSET NAMES utf8mb4;\n')).toBe(true);
      expect(text).toContain(`CREATE TABLE \`${name.replaceAll('`', '``')}\``);
      expect(text.match(/CREATE TABLE/g)).toHaveLength(1);
      expect(text.endsWith('-- Dump completed\n<end>')).toBe(true);
    }
  });

  test.each([
    ['that was cut off', dump.slice(0, -20), ['a', 'b`c'], 'lacks its last line'],
    ['that lacks a table', dump, ['a', 'b`c', 'd'], 'ends before table d'],
    ['with a table more', dump, ['a'], 'does not go on with table (none)'],
    ['in another order', dump, ['b`c', 'a'], 'does not go on with table b`c'],
  ])('%s is refused', (_what, text, tables, message) => expect(() => split(text, tables, 7)).toThrow(message));
});

describe('the input of a backup job', () => {
  const input = {
    type: 'backup', backupID: '20261123t120000z-00c0de', attempt: 1, identity: 'acme.production', epoch: '20261123',
    upload: { containerUrl: 'https://account.blob.example/backups', query: 'sp=c&sig=canary', prefix: 'some/prefix', expiresTime: '2026-11-23T20:00:00Z' },
    known: [{ url: 'https://x/y?sig=canary', bytes: 5, sha256: 'a'.repeat(64) }],
    database: { kind: 'Physical', exchange: '/run/exchange', host: 'acd-dbm', port: 3306, rootPassword: 'canary', schemas: ['jtel'] },
    fileTrees: [{ name: 'files', path: '/data/files', excludes: ['recordings/**'] }],
    limits: {},
  };
  test('is taken as it is', () => expect(parseBackupInput(input)).toEqual(input));
  test.each([
    [{ backupID: '../x' }, 'backupID'], [{ attempt: 0 }, 'attempt'], [{ identity: '../x' }, 'identity'], [{ epoch: 'x' }, 'epoch'],
    [{ upload: { ...input.upload, containerUrl: 'https://x/y?sig=canary' } }, 'containerUrl'], [{ upload: { ...input.upload, prefix: '../up' } }, 'prefix'],
    [{ known: [{ url: 'https://x?canary', bytes: 5 }] }, 'neither sha256 nor md5'], [{ known: [{ url: 'file:///canary', bytes: 5, sha256: 'a'.repeat(64) }] }, 'url'],
    [{ database: { ...input.database, rootPassword: 'canary\n' } }, 'rootPassword'], [{ database: { ...input.database, schemas: ["a';--"] } }, 'name'],
    [{ fileTrees: [{ name: 'files', path: '/data/../etc', excludes: [] }] }, 'path'], [{ fileTrees: [{ name: 'database', path: '/d', excludes: [] }] }, 'must not be database'],
    [{ fileTrees: [...input.fileTrees, ...input.fileTrees] }, 'twice'], [{ fileTrees: [], database: undefined }, 'nothing to back up'], [{ encryption: { keyID: 'k', key: 'canary' } }, 'key'],
  ])('%j is refused without repeating what is secret', (change, message) => {
    const error = ((): Error => {
      try {
        parseBackupInput({ ...input, ...change });
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
