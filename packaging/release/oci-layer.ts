/**
 * Layers of images, written again so that they do not tell when they were made: no file is younger than the
 * commit. Everything else stays.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { extract, pack, type Header, type Pack } from 'tar-stream';

export interface Blob {
  /** `sha256:…`. */
  readonly digest: string;
  readonly size: number;
}

export interface Layer extends Blob {
  /** Digest of the layer before its compression. */
  readonly diffID: string;
}

/** Of a base image: compresses it, and changes no byte of it. @param blobs where the result goes, under its digest */
export async function storeLayer(tar: string, blobs: string): Promise<Layer> {
  return await store(createReadStream(tar), blobs);
}

/** Of our own. @param epoch seconds since 1970 */
export async function storeSteadyLayer(tar: string, blobs: string, epoch: number): Promise<Layer> {
  const output = pack();
  const result = new PassThrough();
  const [layer] = await Promise.all([
    store(result, blobs),
    pipeline(output, result),
    steady(createReadStream(tar), output, epoch),
  ]);
  return layer;
}

async function steady(tar: Readable, output: Pack, epoch: number): Promise<void> {
  const entries = extract();
  entries.on('entry', (header, content, next) => {
    try {
      content.pipe(output.entry(steadyHeader(header, epoch), (error) => next(error ?? undefined)));
    } catch (error) {
      next(error as Error);
    }
  });
  await pipeline(tar, entries);
  output.finalize();
}

/** @throws {Error} for extended attributes: they are bytes, and tar-stream would make text of them */
export function steadyHeader(header: Header, epoch: number): Header {
  const { pax, ...rest } = header;
  const attribute = Object.keys(pax ?? {}).find((key) => key.includes('.xattr.'));
  if (attribute !== undefined) throw new Error(`${header.name} has ${attribute}, which would be lost`);
  const time = Math.min(header.mtime?.getTime() ?? 0, epoch * 1000);
  return { ...rest, mtime: new Date(Math.floor(time / 1000) * 1000) };
}

async function store(tar: Readable, blobs: string): Promise<Layer> {
  const [plain, compressed] = [createHash('sha256'), createHash('sha256')];
  const temporary = join(blobs, `.layer-${process.hrtime.bigint()}`);
  await pipeline(tar, watched(plain), createGzip(), watched(compressed), createWriteStream(temporary));
  const hex = compressed.digest('hex');
  await rename(temporary, join(blobs, hex));
  const { size } = await stat(join(blobs, hex));
  return { digest: `sha256:${hex}`, size, diffID: `sha256:${plain.digest('hex')}` };
}

function watched(hash: ReturnType<typeof createHash>): Transform {
  return new Transform({
    transform: (chunk: Buffer, _, done) => {
      hash.update(chunk);
      done(null, chunk);
    },
  });
}
