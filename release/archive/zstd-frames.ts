/**
 * Decompresses a zstd file whole: all of its frames. `pzstd` makes one for each few MiB, each behind a
 * skippable frame that has its length; `cat` makes two of two files. Node's own decompressor ends after the
 * first frame, also when that is a skippable one, and tells nobody. Form of frames: RFC 8878, section 3.1.
 */
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { ArchiveError } from './archive-error.ts';

const frameMagic = 0xfd2fb528;
/** Sixteen of them, which differ in the last four bits. */
const skippableMagic = 0x184d2a50;
const blockHeaderBytes = 3;
/** A block of this type is one byte that is repeated, whatever its length says. */
const repeatedByte = 1;
const reservedType = 3;
const checksumBytes = 4;

/**
 * @param compressed the file in pieces of any length.
 * @throws {ArchiveError} when it is empty, cut off, or anything but zstd frames.
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
      throw new ArchiveError(frames === 0 ? 'it is no zstd file' : 'something follows that is no zstd frame');
    frames++;
    yield* oneFrame(input);
  }
  if (frames === 0) throw new ArchiveError('it is empty');
}

async function* oneFrame(input: Input): AsyncGenerator<Buffer> {
  const decompressor = createZstdDecompress();
  const fed = pipeline(frameBytes(input), decompressor);
  // Told below, or already by the decompressor.
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

/** The bytes of the frame that comes next, and not one more. */
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
    if (type === reservedType) throw new ArchiveError('it is damaged: a block is of no known type');
    yield* input.pieces(type === repeatedByte ? 1 : fields >>> 3);
  }
  if ((descriptor & 4) !== 0) yield* input.pieces(checksumBytes);
}

/** Pieces of any length, to be taken by numbers of bytes. */
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

  /** The same, as it comes. */
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
