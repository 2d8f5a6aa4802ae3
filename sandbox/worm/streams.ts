/** Counts, slows down, cuts off or spoils bodies on their way; never holds one as a whole. */
import { Transform } from 'node:stream';

/** Ends a stream on purpose, so the pipe can distinguish it from a failure. */
class CutOff extends Error {
  override readonly name = 'CutOff';
}

export function counting(count: (bytes: number) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      count(chunk.length);
      done(null, chunk);
    },
  });
}

/** In pieces of a twentieth of a second. */
export function slowed(bytesPerSecond: number): Transform {
  const piece = Math.max(1, Math.floor(bytesPerSecond / 20));
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const pieces = Array.from({ length: Math.ceil(chunk.length / piece) }, (_, index) =>
        chunk.subarray(index * piece, (index + 1) * piece),
      );
      const next = (): void => {
        const first = pieces.shift();
        if (first === undefined) return done();
        this.push(first);
        setTimeout(next, (first.length / bytesPerSecond) * 1000);
      };
      next();
    },
  });
}

/** Passes that many bytes, then fails with {@link CutOff}; also if there are no more. */
export function cutOff(afterBytes: number): Transform {
  let left = afterBytes;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (left > 0) this.push(chunk.subarray(0, left));
      left -= chunk.length;
      done(left <= 0 ? new CutOff() : null);
    },
    flush(done) {
      done(new CutOff());
    },
  });
}

/** Passes that many bytes and swallows the rest. */
export function shortened(bytes: number): Transform {
  let left = bytes;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const kept = chunk.subarray(0, Math.max(0, left));
      left -= chunk.length;
      done(null, kept);
    },
  });
}

/** Flips the lowest bit of the byte at `offset`; `start` is the offset of the stream's first byte. */
export function flipped(offset: number, start: number): Transform {
  let position = start;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const at = offset - position;
      position += chunk.length;
      if (at < 0 || at >= chunk.length) return done(null, chunk);
      const spoiled = Buffer.from(chunk);
      spoiled[at] = (spoiled[at] ?? 0) ^ 1;
      done(null, spoiled);
    },
  });
}
