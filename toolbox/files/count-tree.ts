/** What a file tree holds, as a backup of it would say: numbers, and digests of all that a backup keeps. */
import { createHash, hash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readlink } from 'node:fs/promises';
import type { TreeFacts } from '../../backup-format/data-set.ts';
import type { CountedTree, CountJobInput } from '../../jobs/count.ts';
import { chunkBytes } from '../../backup-format/names.ts';
import { digestLine, emptyDigest } from '../../backup-format/record.ts';
import { TreeDigest } from '../../backup-format/tree-digest.ts';
import { JobError } from '../job-error.ts';
import type { Report } from '../report.ts';
import { floorSeconds } from './times.ts';
import { absolutePath, walk } from './walk.ts';
import { readAttributes } from './xattr.ts';

/**
 * @param reads also contents and attributes.
 * @throws {JobError} FileTreeFailed when something cannot be read: what cannot be compared does not count as
 * equal.
 */
export async function countTree(
  tree: CountJobInput['fileTrees'][number],
  reads: boolean,
  report: Report,
  signal: AbortSignal,
): Promise<CountedTree> {
  const digest = new TreeDigest();
  const counts = { directories: 0, links: 0, hardLinks: 0, withAttributes: 0 };
  let files = 0;
  let bytes = 0;
  let number = 0;
  // Excluded entries, and those that are no data, are in no backup either. Other gaps show up as differences.
  for await (const { path, stat } of walk(tree, () => undefined, signal)) {
    const isFile = stat.isFile();
    if (isFile) {
      files++;
      bytes += Number(stat.size);
    }
    if (!reads) continue;
    const place = absolutePath(tree, path.toString('latin1'));
    try {
      const { kept: attributes } = readAttributes(place);
      if (stat.isDirectory()) counts.directories++;
      if (stat.isSymbolicLink()) counts.links++;
      const first = digest.add(++number, {
        entry: stat.isDirectory() ? 'd' : isFile ? 'f' : 'l',
        path,
        attributes,
        mode: Number(stat.mode & 0o7777n),
        uid: Number(stat.uid),
        gid: Number(stat.gid),
        mtime: floorSeconds(stat.mtimeNs),
        bytes: isFile ? Number(stat.size) : 0,
        digest: isFile ? await digestOf(place, signal) : emptyDigest,
        ...(stat.isSymbolicLink() ? { target: await readlink(place, { encoding: 'buffer' }) } : {}),
        ...(isFile && stat.nlink > 1n ? { inode: { device: stat.dev, number: stat.ino } } : {}),
      });
      if (first !== undefined) counts.hardLinks++;
      else if (attributes.length > 0) counts.withAttributes++;
    } catch (error) {
      if (!(error instanceof Error) || !('syscall' in error)) throw error;
      throw new JobError(
        'FileTreeFailed',
        `file tree ${tree.name} cannot be compared: ${error.message}`,
        error,
      );
    }
    report({ step: 'CountingFiles', percent: 90, message: `${number} entries of ${tree.name}` });
  }
  const facts = (): TreeFacts => ({ ...counts, digests: digest.end() });
  return { name: tree.name, files, bytes, ...(reads ? { tree: facts() } : {}) };
}

/** The digest over all chunks' digests, as an index has it. */
async function digestOf(path: Buffer, signal: AbortSignal): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const digest = createHash('sha256');
    const chunk = Buffer.allocUnsafe(chunkBytes);
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(chunk, 0, chunk.length);
      if (bytesRead === 0) return digest.digest('hex');
      digest.update(digestLine(hash('sha256', chunk.subarray(0, bytesRead))));
    }
  } finally {
    await file.close();
  }
}
