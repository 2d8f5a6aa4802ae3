/**
 * What stories of jobs work with. Importing it gives each test a new blob server, a tree to back up, and an
 * empty directory.
 */
import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, vi } from 'vitest';
import { BlobDouble } from './blob-double.ts';
import { TestTree } from './job-builder.ts';

// Each restore waits several times for the disk of the whole machine.
vi.setConfig({ testTimeout: 60_000 });

export let double: BlobDouble;
export let tree: TestTree;
/** A directory for what is restored. */
export let target: string;

/** Puts an empty double in place of the old one. */
export async function restartDouble(): Promise<void> {
  await double.stop();
  double = await BlobDouble.start();
}

beforeEach(async () => {
  double = await BlobDouble.start();
  tree = await TestTree.create();
  target = await mkdtemp(join(tmpdir(), 'job-story-'));
});
afterEach(async () => {
  await double.stop();
  // Node gives up on paths that are deeper than one call of the kernel reaches.
  await promisify(execFile)('rm', ['-rf', tree.path, target]);
});
