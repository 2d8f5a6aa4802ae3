/** Archives that are the same, byte for byte, whenever and wherever they are made from the same files. */
import { createGzip } from 'node:zlib';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';

export interface PackagedFile {
  readonly content: string | Uint8Array;
  readonly executable?: boolean;
}

/** Path, with slashes, → file. */
export type PackagedFiles = ReadonlyMap<string, PackagedFile>;

/** A .tar.gz: sorted, with one time, no owner and no links (krew unpacks none). Tools of this Node compress it. */
export async function archive(files: PackagedFiles, time: Date): Promise<Uint8Array> {
  const tar = pack();
  const compressed = buffer(tar.pipe(createGzip()));
  for (const [name, { content, executable = false }] of sorted(files))
    tar.entry({ name, mtime: time, mode: executable ? 0o755 : 0o644 }, Buffer.from(content));
  tar.finalize();
  return await compressed;
}

function sorted(files: PackagedFiles): readonly (readonly [string, PackagedFile])[] {
  return [...files].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
