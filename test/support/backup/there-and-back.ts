/** A file tree through a backup and a restore of it, with a look at what came back. */
import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DataSet } from '../../../backup-format/data-set.ts';
import type { CountedTree } from '../../../jobs/count.ts';
import { count } from '../../../toolbox/count.ts';
import { BlobDouble } from './blob-double.ts';
import { runBackup, TestTree } from './job-builder.ts';
import { backupToRead, restoreInput, runRestore } from './restore-builder.ts';

export interface ThereAndBack {
  /** Path of an entry in the tree that was backed up. */
  readonly there: (name: string) => string;
  /** Path of the same entry in the restored tree. */
  readonly here: (name: string) => string;
  /** What the backup says of the tree. */
  readonly set: DataSet;
  /** What a restore test finds. */
  readonly counted: CountedTree;
}

/** @throws {Error} when backup or restore fail, or `look` does. */
export async function thereAndBack(
  fill: (tree: TestTree) => Promise<unknown>,
  look: (found: ThereAndBack) => Promise<void> | void,
): Promise<void> {
  const double = await BlobDouble.start();
  const tree = await TestTree.create();
  const target = await mkdtemp(join(tmpdir(), 'there-and-back-'));
  try {
    await fill(tree);
    const result = await runBackup(double, tree);
    await runRestore(restoreInput(backupToRead(double, result), target));
    const input = {
      type: 'count',
      fileTrees: [{ name: 'files', path: target, excludes: [] }],
      checksum: true,
    } as const;
    const { fileTrees } = await count(input, () => undefined, new AbortController().signal);
    const [set] = result.dataSets;
    const [counted] = fileTrees;
    if (set === undefined || counted === undefined) throw new Error('the backup has no file tree');
    const at =
      (root: string) =>
      (name: string): string =>
        join(root, name);
    await look({ there: at(tree.path), here: at(target), set, counted });
  } finally {
    await double.stop();
    // Node gives up on paths that are deeper than one call of the kernel reaches.
    await promisify(execFile)('rm', ['-rf', '--', tree.path, target]);
  }
}
