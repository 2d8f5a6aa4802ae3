import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { emptyDigest, escapePath, formatRecord, IndexReader, parseRecord } from './index-format.ts';
import type { FileRecord, IndexRecord } from './index-format.ts';
import { packBytes } from './names.ts';
import {
  longestPackListBytes,
  mostPacks,
  packListLines,
  PackListReader,
  parsePackList,
} from './pack-list.ts';

const digest = 'b'.repeat(64);
const backupID = '20261123t120000z-00c0de';
const header: IndexRecord = { type: 'H', formatVersion: 1, backupID, attempt: 1, part: 1 };
const pack = {
  type: 'P',
  number: 1,
  epoch: '20261123',
  sha256: digest,
  bytes: 1000,
  md5: `${'A'.repeat(22)}==`,
} as const;
const extent: IndexRecord = {
  type: 'E',
  file: 1,
  offset: 0,
  length: 65_536,
  pack: 1,
  packOffset: 10,
  storedLength: 500,
  sha256: digest,
};
const file: FileRecord = {
  type: 'F',
  file: 1,
  set: 'files',
  entry: 'f',
  path: Buffer.from([0x61, 0x2f, 0xff, 0x09, 0x25]),
  bytes: 65_536,
  mode: 0o4755,
  uid: 0,
  gid: 1000,
  mtime: 5,
  digest,
  target: undefined,
};

const setOf = (...files: readonly FileRecord[]): IndexRecord => ({
  type: 'S',
  name: 'files',
  kind: 'FileTree',
  files: files.length,
  bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
  digest: createHash('sha256')
    .update(files.map((one) => `${formatRecord(one)}\n`).join(''))
    .digest('hex'),
});

function read(...records: readonly (IndexRecord | string)[]): IndexReader {
  const reader = new IndexReader();
  reader.beginPart('index-1-1.zst');
  for (const record of records) reader.read(typeof record === 'string' ? record : formatRecord(record));
  return reader;
}

test.each([
  header,
  pack,
  extent,
  file,
  setOf(file),
  {
    ...file,
    entry: 'l',
    bytes: 0,
    target: Buffer.from('../x\n'),
    mode: undefined,
    uid: undefined,
    gid: undefined,
    mtime: undefined,
  },
] as const)('record %# comes back as it was written', (record) =>
  expect(parseRecord(formatRecord(record), 'line')).toEqual(record),
);

test('paths are escaped byte by byte', () => {
  expect(escapePath(Buffer.from('a b/ä%.txt\n'))).toBe('a%20b/%C3%A4%25.txt%0A');
});

test('a whole index is read, with its totals', () => {
  const reader = read(header, pack, extent, file, setOf(file));
  expect([...reader.sets.keys()]).toEqual(['files']);
  expect(reader.packs.get(1)).toEqual(pack);
});

describe('a hostile line', () => {
  const line = formatRecord(file).split('\t');
  const withField = (index: number, value: string): string =>
    line.map((field, at) => (at === index ? value : field)).join('\t');
  test.each([
    ...[
      '../a',
      '/a',
      'a/../b',
      'a//b',
      'a/',
      '.',
      'a%00b',
      'a%2',
      'a b',
      'ä',
      '%2e',
      '',
      'a'.repeat(5000),
      `${'b'.repeat(256)}`,
      '%2E%2E/a',
      '%2Fa',
    ].map((path) => withField(4, path)),
    withField(1, '0'),
    withField(1, '01'),
    withField(1, '99999999999'),
    withField(2, 'Files'),
    withField(3, 'x'),
    withField(5, '-1'),
    withField(5, '1e3'),
    withField(6, '77777'),
    withField(6, '9'),
    withField(7, '4294967295'),
    withField(10, 'B'.repeat(64)),
    withField(11, '/etc/passwd'),
    `${line.join('\t')}\tmore`,
    'X\t1',
    '',
    'E\t1',
    '__proto__\t1',
    formatRecord(extent).replace('65536', '65537'),
    formatRecord(pack).replace('1000', '99999999'),
    'H\t2\t20261123t120000z-00c0de\t1\t1',
    formatRecord({ ...file, entry: 'd' }),
  ])('%j is refused', (text) => {
    expect(() => parseRecord(text, 'line 7')).toThrow('line 7');
  });
});

describe('an index that contradicts itself', () => {
  test.each([
    ['without header', [pack], 'begins with its header'],
    ['with two headers', [header, header], 'only one'],
    ['that begins with its second part', [{ ...header, part: 2 }], 'is part 2'],
    ['with a pack twice', [header, pack, pack], 'there twice'],
    ['with an unknown pack', [header, extent], 'pack 1 is unknown'],
    ['with an extent beyond its pack', [header, pack, { ...extent, packOffset: 501 }], 'outside of pack'],
    ['with a stored chunk of nothing', [header, pack, { ...extent, storedLength: 0 }], 'outside of pack'],
    ['with a gap', [header, pack, extent, { ...extent, offset: 131_072 }], 'expected was 65536'],
    ['with an overlap', [header, pack, extent, extent], 'expected was 65536'],
    [
      'with a chunk after a short one',
      [header, pack, { ...extent, length: 5 }, { ...extent, offset: 5 }],
      'expected was 5',
    ],
    [
      'with a file shorter than it says',
      [header, pack, extent, { ...file, bytes: 70_000 }],
      'its extents 65536',
    ],
    ['with a file twice', [header, pack, extent, file, file], 'there twice'],
    ['that adds to a file that is whole', [header, pack, extent, file, extent], 'complete before'],
    [
      'with another number of files in the set',
      [header, pack, extent, file, { ...setOf(file), files: 2 } as IndexRecord],
      'its record says',
    ],
    [
      'with another digest of the set',
      [header, pack, extent, file, { ...setOf(file), digest } as IndexRecord],
      'not the one',
    ],
    [
      'with files after the end of their set',
      [header, setOf(), { ...file, bytes: 0, digest: emptyDigest }],
      'complete before',
    ],
    [
      'with numbers that would eat memory',
      [header, { ...extent, pack: 0, packOffset: 0, storedLength: 0, file: 2_000_000_000 }],
      'far beyond',
    ],
  ] as const)('%s is refused', (_what, records, message) => {
    expect(() => read(...(records as readonly IndexRecord[]))).toThrow(message);
  });
});

describe('a list of packs', () => {
  const text = [...packListLines(backupID, [pack, { ...pack, number: 2, sha256: 'c'.repeat(64) }])].join('');
  test('comes back as it was written, also in pieces', () => {
    expect(parsePackList(text, backupID)).toHaveLength(2);
    const reader = new PackListReader(backupID);
    for (const letter of text) reader.take(letter);
    expect(reader.end()).toEqual(parsePackList(text, backupID));
  });

  test('of as many packs as a backup may have can be read', () => {
    const longest = formatRecord({ ...pack, number: mostPacks, bytes: packBytes.longest });
    expect(`${longest}\n`.length * (mostPacks + 1)).toBeLessThan(longestPackListBytes);
  });

  test('without end is refused after its longest length', () => {
    const reader = new PackListReader(backupID);
    const takeAll = (): void => {
      reader.take(text.slice(0, text.indexOf('\n') + 1));
      for (let number = 1; ; number += 1) {
        const sha256 = number.toString(16).padStart(64, '0');
        reader.take(`${formatRecord({ ...pack, number, sha256 })}\n`);
      }
    };
    expect(takeAll).toThrow('longer than the 16777216 bytes');
  });
  test.each([
    ['of another backup', text.replace('120000z', '120001z'), 'not one of backup'],
    ['that was cut off', text.slice(0, -1), 'cut off'],
    ['without its last line', text.split('\n').slice(0, -2).join('\n') + '\n', 'cut off'],
    ['with a pack less', text.replace(/P\t2.*\n/, ''), 'cut off'],
    ['with a pack twice', text.replace('c'.repeat(64), digest), 'there twice'],
    ['with a gap in the numbers', text.replace('P\t2', 'P\t3'), 'expected was 2'],
    ['that goes on after its end', `${text}\n`, 'after its end'],
    ['with a line that does not end', `${text.slice(0, -1)}${' '.repeat(300)}`, 'too long'],
    ['with something else', text.replace(/P\t2.*\n/, `${formatRecord(header)}\n`), 'is no pack'],
  ])('%s is refused', (_what, changed, message) =>
    expect(() => parsePackList(changed, backupID)).toThrow(message),
  );
});
