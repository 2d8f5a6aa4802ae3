/** Collects bytes that come in pieces. A million pieces of one byte take no more memory or time than one large piece. */

/** Little: a log has a collector for each of its lines. */
const firstBytes = 256;

export class ByteCollector {
  #buffer: Buffer = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(piece: Uint8Array): void {
    const needed = this.#length + piece.length;
    if (needed > this.#buffer.length) {
      const grown = Buffer.alloc(Math.max(firstBytes, this.#buffer.length * 2, needed));
      this.#buffer.copy(grown, 0, 0, this.#length);
      this.#buffer = grown;
    }
    this.#buffer.set(piece, this.#length);
    this.#length = needed;
  }

  /** Forgets all but the last bytes. */
  keepLast(bytes: number): void {
    if (this.#length <= bytes) return;
    this.#buffer.copyWithin(0, this.#length - bytes, this.#length);
    this.#length = bytes;
  }

  /** What was collected so far. It shares the memory. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }
}

/** The last bytes of a stream of any length. */
export class ByteTail {
  readonly #most: number;
  readonly #kept = new ByteCollector();
  bytesRead = 0;

  /** @param most how many bytes are kept */
  constructor(most: number) {
    this.#most = most;
  }

  add(piece: Uint8Array): void {
    this.bytesRead += piece.length;
    this.#kept.add(piece);
    // Not at each piece: it would copy all of them each time.
    if (this.#kept.length > 2 * this.#most) this.#kept.keepLast(this.#most);
  }

  /** Whether there was more. */
  get isCut(): boolean {
    return this.bytesRead > this.#most;
  }

  text(): string {
    return this.#kept.bytes().subarray(-this.#most).toString('utf8');
  }
}
