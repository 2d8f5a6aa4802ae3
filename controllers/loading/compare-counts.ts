/** Compares what a count job found in a restored backup with the manifest; pure. The job's answer is checked like any input. */

import type { DataSet, TreeDigests } from '../../backup-format/data-set.ts';
import { FormatError, read } from '../../backup-format/schema.ts';
import { databaseSetName } from '../../jobs/values.ts';
import { countJobResult, type CountedTree, type CountJobResult } from '../../jobs/count.ts';
import type { Manifest } from '../../backup-format/manifest.ts';

export interface Comparison {
  /** Phrases for people; empty when nothing differs. */
  readonly differences: readonly string[];
  readonly summary: string;
}

/**
 * @param purpose a test fails when the host's file system does not keep attributes. A restore does not: its summary says it.
 */
export function compareCounts(
  manifest: Manifest,
  result: unknown,
  purpose: 'Test' | 'Restore' = 'Test',
): Comparison {
  const counted = parse(result);
  if (counted === undefined) return { differences: ['the counting job gave no usable answer'], summary: '' };
  const differences: string[] = [];
  const remarks: string[] = [];
  const differ = (what: string, wanted: number | undefined, found: number): void => {
    if (wanted !== undefined && wanted !== found) differences.push(`${what}: ${found} instead of ${wanted}`);
  };
  const database = manifest.dataSets.find(({ name }) => name === databaseSetName);
  const rows = counted.tables.reduce((sum, table) => sum + table.rows, 0);
  if (database !== undefined) {
    if (counted.tables.length === 0) differences.push('the database has no tables');
    // The files show which are views, but not which are sequences.
    if (database.kind === 'Physical')
      differ('tables and sequences', database.tables, counted.tables.length + counted.sequences);
    else differ('tables', database.tables, counted.tables.length);
    differ('rows', database.rows, rows);
  }
  const trees = manifest.dataSets.filter(({ kind }) => kind === 'FileTree');
  for (const tree of trees) {
    const found = counted.fileTrees.find(({ name }) => name === tree.name);
    if (found === undefined) differences.push(`file tree ${tree.name} was not counted`);
    else {
      differ(`files in ${tree.name}`, tree.files, found.files);
      // A file with several names may have changed between two of them. There the digests decide.
      if ((tree.tree?.hardLinks ?? 0) === 0) differ(`bytes in ${tree.name}`, tree.bytes, found.bytes);
      const lost = purpose === 'Restore' ? lostAttributes(tree, found) : 0;
      if (lost > 0)
        remarks.push(
          `, ${lost} of them without the attributes or ACLs that they had in ${tree.name}: the host's file system does not take them`,
        );
      differences.push(...treeDifferences(tree, found, lost > 0));
    }
  }
  const files = counted.fileTrees.reduce((sum, tree) => sum + tree.files, 0);
  return {
    differences,
    summary: `${counted.tables.length} tables with ${rows} rows, ${files} files in ${trees.length} ${trees.length === 1 ? 'tree' : 'trees'}${remarks.join('')}`,
  };
}

const aspects = {
  content: 'names, contents or links',
  attributes: 'modes, owners, attributes or ACLs',
  times: 'times of last change',
} as const satisfies Record<keyof TreeDigests, string>;

/** Empty for a backup of format 1.0, which does not have them. */
function treeDifferences(
  { name, tree: wanted }: DataSet,
  { tree: found }: CountedTree,
  withoutAttributes: boolean,
): readonly string[] {
  if (wanted === undefined) return [];
  if (found === undefined) return [`file tree ${name} was counted and not read`];
  const counts = (
    [
      ['directories', 'directories'],
      ['links', 'links'],
      ['hardLinks', 'further names of files'],
      ['withAttributes', 'entries with attributes or ACLs'],
    ] as const
  )
    .filter(([field]) => !withoutAttributes || field !== 'withAttributes')
    .flatMap(([field, what]) =>
      wanted[field] === found[field]
        ? []
        : [`${what} in ${name}: ${found[field]} instead of ${wanted[field]}`],
    );
  const compared = (['content', 'attributes', 'times'] as const).filter(
    (aspect) => !withoutAttributes || aspect !== 'attributes',
  );
  const digests = compared.flatMap((aspect) =>
    wanted.digests[aspect] === found.digests[aspect] ? [] : [`${aspects[aspect]} in ${name} differ`],
  );
  return [...counts, ...digests];
}

function lostAttributes({ tree: wanted }: DataSet, { tree: found }: CountedTree): number {
  return (wanted?.withAttributes ?? 0) - (found?.withAttributes ?? wanted?.withAttributes ?? 0);
}

function parse(result: unknown): CountJobResult | undefined {
  try {
    return read(countJobResult, result, 'the result of the counting job');
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}
