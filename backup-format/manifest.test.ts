import { describe, expect, test } from 'vitest';
import { formatVersion, manifestText, parseManifest } from './manifest.ts';
import type { Manifest } from './manifest.ts';

const digest = 'a'.repeat(64);
const good: Manifest = {
  formatVersion,
  backupID: '20261123t120000z-00c0de',
  identity: 'acme.production',
  epoch: '20261123',
  writer: {
    clusterID: 'cluster',
    namespace: 'acme',
    name: 'production',
    stackUID: 'uid',
    machineID: 'machine',
  },
  parent: '20261120t120000z-00c0de',
  trigger: 'Scheduled',
  release: {
    version: '3.43.1',
    digest: `sha256:${digest}`,
    images: [{ component: 'acd-dbm', reference: `registry/acd-dbm@sha256:${digest}` }],
  },
  server: { version: '11.8.9-MariaDB' },
  position: 'binlog.000001 5 0-1-2',
  startTime: '2026-11-23T12:00:00.000Z',
  endTime: '2026-11-23T12:05:00Z',
  encryption: { method: 'AES-256-GCM', keyID: 'key-1' },
  dataSets: [
    { name: 'database', kind: 'Physical', bytes: 100, files: 3, digest },
    { name: 'files', kind: 'FileTree', bytes: 11, files: 2, digest },
  ],
  excluded: [{ dataSet: 'files', globs: ['recordings/**'] }],
  indexParts: [
    { name: 'index-2-1.zst', bytes: 10, sha256: digest },
    { name: 'index-2-2.zst', bytes: 10, sha256: digest },
  ],
  packList: { name: 'packs-2.zst', bytes: 10, sha256: digest },
  documents: [{ name: 'stack.json', bytes: 10, sha256: digest }],
  totals: { totalBytes: 111, storedBytes: 50, packs: 1, uploadedBytes: 50, reusedBytes: 0 },
};

type Path = readonly (string | number)[];

function changed(path: Path, value: unknown): string {
  const copy = JSON.parse(JSON.stringify(good)) as Record<string | number, unknown>;
  let place = copy;
  for (const step of path.slice(0, -1)) place = place[step] as Record<string | number, unknown>;
  const last = path.at(-1) ?? '';
  if (value === undefined) delete place[last];
  else place[last] = value;
  return JSON.stringify(copy);
}

function leaves(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, child]) => leaves(child, [...path, name]));
}

test('a manifest comes back as it was written', () => {
  expect(parseManifest(manifestText(good), { identity: 'acme.production', backupID: good.backupID })).toEqual(
    good,
  );
});

describe('a hostile manifest', () => {
  const optional = new Set(['parent', 'position', 'server.version', 'encryption.method', 'encryption.keyID']);
  const required = leaves(good).filter(
    (path) =>
      !optional.has(path.join('.')) && typeof path.at(-1) === 'string' && !/^\d+$/.test(String(path.at(-1))),
  );

  test.each(required.map((path) => [path.join('.'), path] as const))(
    'without %s is refused',
    (_name, path) => {
      expect(() => parseManifest(changed(path, undefined))).toThrow(/manifest/);
    },
  );

  test.each(leaves(good).map((path) => [path.join('.'), path] as const))(
    'with something strange in %s is refused or harmless',
    (_name, path) => {
      const strange: readonly unknown[] = [
        {},
        [],
        true,
        -1,
        1.5,
        2 ** 53,
        '../../etc/passwd\n',
        'x'.repeat(70_000),
      ];
      for (const value of strange) {
        expect(
          () => parseManifest(changed(path, value)),
          `${path.join('.')} = ${JSON.stringify(value).slice(0, 40)}`,
        ).toThrow(/manifest/);
      }
    },
  );

  test.each([
    [['formatVersion'], 2, 'format version 2'],
    [['identity'], 'other.stack', 'is of identity other.stack'],
    [['backupID'], '20261123t120001z-00c0de', 'is of backupID'],
    [['indexParts', 0, 'name'], 'index-1-1.zst', 'is not part 2'],
    [['indexParts', 1, 'name'], 'index-2-3.zst', 'is not part 2'],
    [['packList', 'name'], 'packs-1.zst', 'is not packs-2.zst'],
    [['documents', 0, 'name'], 'secrets.json', 'known are'],
    [['dataSets', 1, 'name'], 'database', 'twice'],
    [['dataSets'], [], 'without data'],
    [['dataSets', 0, 'bytes'], 99, 'totalBytes'],
    [['indexParts'], [], 'empty'],
  ] as const)('%j = %j is refused', (path, value, message) => {
    expect(() =>
      parseManifest(changed(path, value), { identity: good.identity, backupID: good.backupID }),
    ).toThrow(message);
  });

  test.each(['', 'null', '[]', '{', '"text"', '{"formatVersion":"1"}', 'x'.repeat(5_000_000)])(
    'that is no manifest is refused',
    (text) => {
      expect(() => parseManifest(text)).toThrow(/manifest/);
    },
  );
});
