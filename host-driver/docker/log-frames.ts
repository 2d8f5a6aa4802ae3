/**
 * Reads Docker's log format for containers without a terminal. Each write is a frame: 8 bytes (stream, 0, 0,
 * 0, length as big-endian), then the payload. dockerode's demuxStream ignores backpressure. A frame may say any
 * length, so none is waited for: its content is handed out as it comes.
 */

export interface LogPiece {
  readonly stream: 'stdout' | 'stderr';
  /** A frame, or a part of one that came in several. */
  readonly bytes: Buffer;
}

const headerBytes = 8;

export class LogFrames {
  readonly #header = Buffer.alloc(headerBytes);
  #headerFilled = 0;
  /** Of the frame that is being read. */
  #bytesLeft = 0;

  *add(chunk: Buffer): Generator<LogPiece, void, undefined> {
    for (let at = 0; at < chunk.length;) {
      if (this.#headerFilled < headerBytes) {
        const taken = chunk.copy(this.#header, this.#headerFilled, at);
        this.#headerFilled += taken;
        at += taken;
        if (this.#headerFilled < headerBytes) return;
        this.#bytesLeft = this.#header.readUInt32BE(4);
        if (this.#bytesLeft === 0) this.#headerFilled = 0;
        continue;
      }
      const bytes = chunk.subarray(at, at + this.#bytesLeft);
      at += bytes.length;
      this.#bytesLeft -= bytes.length;
      const stream = this.#header[0] === 2 ? 'stderr' : 'stdout';
      if (this.#bytesLeft === 0) this.#headerFilled = 0;
      yield { stream, bytes };
    }
  }
}
