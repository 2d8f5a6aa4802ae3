/** What a count job found in a restored backup, against what its manifest says; pure. The job's answer is checked like any input. */

import { databaseSetName, type CountJobResult } from '../backup/job.ts';
import type { Manifest } from '../backup/manifest.ts';

export interface Comparison {
  /** Phrases for people; none means equal. */
  readonly differences: readonly string[];
  readonly summary: string;
}

export function compareCounts(manifest: Manifest, result: unknown): Comparison {
  const counted = parse(result);
  if (counted === undefined) return { differences: ['the counting job gave no usable answer'], summary: '' };
  const differences: string[] = [];
  const differ = (what: string, wanted: number | undefined, found: number): void => {
    if (wanted !== undefined && wanted !== found) differences.push(`${what}: ${found} instead of ${wanted}`);
  };
  const database = manifest.dataSets.find(({ name }) => name === databaseSetName);
  const rows = counted.tables.reduce((sum, table) => sum + table.rows, 0);
  if (database !== undefined) {
    if (counted.tables.length === 0) differences.push('the database has no tables');
    // Files tell tables from views, but not from sequences.
    if (database.kind === 'Physical') differ('tables and sequences', database.tables, counted.tables.length + counted.sequences);
    else differ('tables', database.tables, counted.tables.length);
    differ('rows', database.rows, rows);
  }
  const trees = manifest.dataSets.filter(({ kind }) => kind === 'FileTree');
  for (const tree of trees) {
    const found = counted.fileTrees.find(({ name }) => name === tree.name);
    if (found === undefined) differences.push(`file tree ${tree.name} was not counted`);
    else {
      differ(`files in ${tree.name}`, tree.files, found.files);
      differ(`bytes in ${tree.name}`, tree.bytes, found.bytes);
    }
  }
  const files = counted.fileTrees.reduce((sum, tree) => sum + tree.files, 0);
  return { differences, summary: `${counted.tables.length} tables with ${rows} rows, ${files} files in ${trees.length} ${trees.length === 1 ? 'tree' : 'trees'}` };
}

function parse(result: unknown): CountJobResult | undefined {
  const { tables, sequences, fileTrees } = (result ?? {}) as Partial<Record<keyof CountJobResult, unknown>>;
  if (!Array.isArray(tables) || !Array.isArray(fileTrees) || typeof sequences !== 'number') return undefined;
  const goodTables = tables.every((table: unknown) => isRecord(table) && typeof table['rows'] === 'number');
  const goodTrees = fileTrees.every((tree: unknown) => isRecord(tree) && typeof tree['name'] === 'string' && typeof tree['files'] === 'number' && typeof tree['bytes'] === 'number');
  return goodTables && goodTrees ? (result as CountJobResult) : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
