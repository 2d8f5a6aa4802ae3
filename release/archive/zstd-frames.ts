/**
 * Decompresses all frames of a zstd file. `pzstd` writes one frame for every few MiB, each after a skippable
 * frame with its length; `cat` of two files gives two frames. Node's own decompressor stops after the first
 * frame, even a skippable one, and reports nothing. The form of frames is in RFC 8878, section 3.1.
 */
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { ArchiveError } from './archive-error.ts';

const frameMagic = 0xfd2fb528;
/** There are sixteen of them. They differ in the last four bits. */
const skippableMagic = 0x184d2a50;
const blockHeaderBytes = 3;
/** A block of this type holds one byte that is repeated, whatever its length says. */
const repeatedByte = 1;
const reservedType = 3;
const checksumBytes = 4;

/**
 * @param compressed the file in pieces of any length.
 * @throws {ArchiveError} when the file is empty, cut off, or not made of zstd frames only.
 */
export async function* decompressFrames(compressed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const input = new Input(compressed);
  let frames = 0;
  for (let magic = await input.peek(4); magic !== undefined; magic = await input.peek(4)) {
    const number = magic.readUInt32LE();
    if ((number & 0xfffffff0) >>> 0 === skippableMagic) {
      const header = await input.take(8);
      for await (const _ of input.pieces(header.readUInt32LE(4)));
      continue;
    }
    if (number !== frameMagic)
      throw new ArchiveError(
        frames === 0 ? 'it is not a zstd file' : 'something follows that is not a zstd frame',
      );
    frames++;
    yield* oneFrame(input);
  }
  if (frames === 0) throw new ArchiveError('it is empty');
}

async function* oneFrame(input: Input): AsyncGenerator<Buffer> {
  const decompressor = createZstdDecompress();
  const fed = pipeline(frameBytes(input), decompressor);
  // The error is reported below, or was by the decompressor.
  fed.catch(() => undefined);
  try {
    yield* decompressor as AsyncIterable<Buffer>;
    await fed;
  } catch (error) {
    if (error instanceof ArchiveError || (error as { code?: unknown }).code === undefined) throw error;
    throw new ArchiveError(`it cannot be decompressed (${(error as Error).message})`, error);
  } finally {
    decompressor.destroy();
  }
}

/** Yields the bytes of the next frame, and not one more. */
async function* frameBytes(input: Input): AsyncGenerator<Buffer> {
  const start = await input.take(5);
  yield start;
  const descriptor = start[4] ?? 0;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const contentSizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >>> 6] ?? 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const windowBytes = isSingleSegment ? 0 : 1;
  yield* input.pieces(windowBytes + dictionaryBytes + contentSizeBytes);
  for (let isLast = false; !isLast;) {
    const header = await input.take(blockHeaderBytes);
    yield header;
    const fields = header.readUIntLE(0, blockHeaderBytes);
    isLast = (fields & 1) === 1;
    const type = (fields >>> 1) & 3;
    if (type === reservedType) throw new ArchiveError('it is damaged: the type of a block is unknown');
    yield* input.pieces(type === repeatedByte ? 1 : fields >>> 3);
  }
  if ((descriptor & 4) !== 0) yield* input.pieces(checksumBytes);
}

/** Turns pieces of any length into reads of a given number of bytes. */
class Input {
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /**
   * The next bytes, which stay; undefined at the end. @throws {ArchiveError} when there are some, but fewer.
   */
  async peek(bytes: number): Promise<Buffer | undefined> {
    while (this.#rest.length < bytes) {
      const next = await this.#source.next();
      if (next.done === true) {
        if (this.#rest.length === 0) return undefined;
        throw cutOff();
      }
      this.#rest = Buffer.concat([this.#rest, next.value]);
    }
    return this.#rest.subarray(0, bytes);
  }

  /** @throws {ArchiveError} when there are fewer. */
  async take(bytes: number): Promise<Buffer> {
    const taken = await this.peek(bytes);
    if (taken === undefined) throw cutOff();
    this.#rest = this.#rest.subarray(bytes);
    return taken;
  }

  /** Yields the same bytes as they come. */
  async *pieces(bytes: number): AsyncGenerator<Buffer> {
    for (let left = bytes; left > 0;) {
      if ((await this.peek(1)) === undefined) throw cutOff();
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }
}

function cutOff(): ArchiveError {
  return new ArchiveError('it was cut off');
}
