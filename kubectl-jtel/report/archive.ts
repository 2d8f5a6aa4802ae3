/** The collected parts as one compressed tar, and the list of what is in it. */
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { formatBytes } from '../../base/bytes.ts';
import type { Collected } from './collection.ts';

const contentsFile = 'CONTENTS.txt';

/** What is in it and what is not, for a person: the first file, and printed before anything is written. */
export function contents({ entries, missing }: Collected): readonly string[] {
  const size = (text: string): string => formatBytes(Buffer.byteLength(text));
  const width = Math.max(0, ...entries.map(({ path }) => path.length));
  const listed = entries.map(
    ({ path, text, isCut }) => `  ${path.padEnd(width)}  ${size(text)}${isCut ? ' (cut)' : ''}`,
  );
  return [
    'In it:',
    ...listed,
    ...(missing.length === 0
      ? []
      : ['', 'Not in it:', ...missing.map(({ path, reason }) => `  ${path}: ${reason}`)]),
  ];
}

/** @param folder all names in it begin with this one */
export async function archiveOf(
  folder: string,
  head: readonly string[],
  collected: Collected,
  now: Date,
): Promise<Buffer> {
  const archive = pack();
  const files = [
    { path: contentsFile, text: `${[...head, '', ...contents(collected)].join('\n')}\n` },
    ...collected.entries,
  ];
  for (const { path, text } of files)
    archive.entry({ name: `${folder}/${path}`, mode: 0o600, mtime: now }, text);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive.pipe(createGzip())) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
