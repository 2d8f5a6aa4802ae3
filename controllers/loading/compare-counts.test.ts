import { describe, expect, it } from 'vitest';
import type { TreeFacts } from '../../backup-format/data-set.ts';
import type { CountJobResult } from '../../jobs/count.ts';
import type { Manifest } from '../../backup-format/manifest.ts';
import { compareCounts } from './compare-counts.ts';
import { optional } from '../../base/optional.ts';

const table = (name: string, rows = 5) => ({ schema: 'jtel', name, rows });
const counted: CountJobResult = {
  tables: [table('calls'), table('agents', 2)],
  sequences: 1,
  fileTrees: [{ name: 'files', files: 3, bytes: 900 }],
};

function manifest(database: Partial<Manifest['dataSets'][number]>): Manifest {
  const tree = { name: 'files', kind: 'FileTree', files: 3, bytes: 900, digest: '' } as const;
  return {
    dataSets: [{ name: 'database', kind: 'Physical', bytes: 1, files: 1, digest: '', ...database }, tree],
  } as unknown as Manifest;
}

describe('what was restored is what the manifest says', () => {
  it.each([
    ['of a physical backup, by tables and sequences', { kind: 'Physical', tables: 3 }],
    ['of a physical backup from before they were counted', { kind: 'Physical' }],
    ['of a logical backup, by tables and rows', { kind: 'Logical', tables: 2, rows: 7 }],
  ] as const)('%s', (_, database) => {
    expect(compareCounts(manifest(database), counted)).toEqual({
      differences: [],
      summary: '2 tables with 7 rows, 3 files in 1 tree',
    });
  });
});

describe('a difference is told', () => {
  it.each([
    [
      'a table that is missing in a physical backup',
      { kind: 'Physical', tables: 4 },
      counted,
      'tables and sequences: 3 instead of 4',
    ],
    [
      'a table that is missing in a logical one',
      { kind: 'Logical', tables: 3, rows: 7 },
      counted,
      'tables: 2 instead of 3',
    ],
    ['rows', { kind: 'Logical', tables: 2, rows: 8 }, counted, 'rows: 7 instead of 8'],
    ['an empty database', { kind: 'Physical' }, { ...counted, tables: [] }, 'the database has no tables'],
    [
      'files',
      { kind: 'Physical' },
      { ...counted, fileTrees: [{ name: 'files', files: 2, bytes: 900 }] },
      'files in files: 2 instead of 3',
    ],
    [
      'bytes',
      { kind: 'Physical' },
      { ...counted, fileTrees: [{ name: 'files', files: 3, bytes: 901 }] },
      'bytes in files: 901 instead of 900',
    ],
    [
      'a tree that is missing',
      { kind: 'Physical' },
      { ...counted, fileTrees: [] },
      'file tree files was not counted',
    ],
    [
      'an answer that is none',
      { kind: 'Physical' },
      { tables: 'many' },
      'the counting job gave no usable answer',
    ],
  ] as const)('%s', (_, database, result, difference) => {
    expect(compareCounts(manifest(database), result).differences).toEqual([difference]);
  });
});

describe('a file tree of format 1.1 is compared in all that a backup keeps', () => {
  const facts: TreeFacts = {
    directories: 2,
    links: 1,
    hardLinks: 1,
    withAttributes: 1,
    digests: { content: 'a'.repeat(64), attributes: 'b'.repeat(64), times: 'c'.repeat(64) },
  };
  const wanted = (): Manifest => {
    const {
      dataSets: [database, tree],
    } = manifest({});
    return { dataSets: [database, { ...tree, bytes: 1, tree: facts }] } as unknown as Manifest;
  };
  const found = (tree: TreeFacts | undefined): CountJobResult => ({
    ...counted,
    fileTrees: [{ name: 'files', files: 3, bytes: 900, ...optional({ tree }) }],
  });

  it('and is the same when all of it is; the length of a name of a file that has several is not asked', () => {
    expect(compareCounts(wanted(), found(facts)).differences).toEqual([]);
  });

  it.each([
    [
      'contents',
      { ...facts, digests: { ...facts.digests, content: 'd'.repeat(64) } },
      'names, contents or links in files differ',
    ],
    [
      'rights',
      { ...facts, digests: { ...facts.digests, attributes: 'd'.repeat(64) } },
      'modes, owners, attributes or ACLs in files differ',
    ],
    [
      'times',
      { ...facts, digests: { ...facts.digests, times: 'd'.repeat(64) } },
      'times of last change in files differ',
    ],
    ['a link that is missing', { ...facts, links: 0 }, 'links in files: 0 instead of 1'],
    [
      'hard links that became copies',
      { ...facts, hardLinks: 0 },
      'further names of files in files: 0 instead of 1',
    ],
    ['what was not read', undefined, 'file tree files was counted and not read'],
  ] as const)('%s', (_, tree, difference) => {
    expect(compareCounts(wanted(), found(tree)).differences).toEqual([difference]);
  });

  it('a restore that is wanted goes on without attributes that the host does not take, and says so; a test does not', () => {
    const without = found({
      ...facts,
      withAttributes: 0,
      digests: { ...facts.digests, attributes: 'd'.repeat(64) },
    });
    expect(compareCounts(wanted(), without, 'Restore')).toEqual({
      differences: [],
      summary: expect.stringContaining('1 of them without the attributes') as unknown,
    });
    expect(compareCounts(wanted(), without).differences).toHaveLength(2);
  });
});
