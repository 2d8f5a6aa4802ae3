/**
 * A release as its author has it on disk, in a temporary directory: small, whole, every image in a fake
 * registry.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { zstdCompressSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { stringify } from 'yaml';
import type { Release } from '../../release/generated/release.ts';
import { noise } from './backup/job-builder.ts';
import type { FakeRegistry } from './registry.ts';
import { aRelease, haproxyTemplate } from './release-builder.ts';

export interface TemporaryRelease extends AsyncDisposable {
  readonly path: string;
  write(name: string, content: string | Buffer): Promise<void>;
  /** Writes release.yaml again with these fields changed. */
  change(fields: Partial<Release>): Promise<void>;
}

/** As people write it, without digests and sizes. */
export function aDraft(fields: Partial<Release> = {}): Release {
  const { templates: _, ...release } = aRelease({
    vanilla: [
      { kind: 'Database', path: 'vanilla/database.sql.zst' },
      { kind: 'FileTree', name: 'files', path: 'vanilla/files.tar.zst' },
    ],
  });
  const components = release.components.map(({ image, ...component }) => ({
    ...component,
    image: { repository: image.repository, tag: image.tag },
  }));
  return { ...release, components, ...fields };
}

/** An archive of one file that cannot be compressed, so that it is as long as a real one. */
async function smallArchive(): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name: 'announcements/welcome.wav', mtime: new Date(0) }, noise(1, 200_000));
  tar.finalize();
  return zstdCompressSync(await buffer(tar));
}

export async function temporaryRelease(
  registry: FakeRegistry,
  draft: Release = aDraft(),
): Promise<TemporaryRelease> {
  const path = await mkdtemp(join(tmpdir(), 'jtel-release-'));
  const write = async (name: string, content: string | Buffer): Promise<void> => {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content, { mode: 0o600 });
  };
  const change = async (fields: Partial<Release>): Promise<void> =>
    await write('release.yaml', stringify({ ...draft, ...fields }));
  await change({});
  await write('config/haproxy.cfg.liquid', haproxyTemplate);
  await write('vanilla/database.sql.zst', zstdCompressSync('CREATE TABLE a (id INT);\n-- Dump completed\n'));
  await write('vanilla/files.tar.zst', await smallArchive());
  for (const { image } of draft.components) registry.push(image.repository, image.tag);
  return { path, write, change, [Symbol.asyncDispose]: async () => await rm(path, { recursive: true }) };
}
