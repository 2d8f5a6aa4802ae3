/**
 * Connections share the turns of the event loop. Node reads up to 2 MiB of a socket in one turn, and ssh2 handles at
 * once all packets of what it gets: if a host sends the smallest packets, that takes seconds. So ssh2 gets what came in
 * small pieces, and after some milliseconds everything else has its turn. What is left then comes in the next turns, of
 * one connection after the other. At rest nothing is left, and nothing waits.
 *
 * Whoever does not take what we send is not read: many packets have to be answered, and the answers would pile up.
 */
import { AsyncResource } from 'node:async_hooks';
import type { Duplex } from 'node:stream';

/** At most 230 packets, some 15 ms of work. */
export const pieceBytes = 8 * 1024;
/** Of all connections together, in one turn of the event loop. */
const turnMilliseconds = 10;

/** Of one connection. What waits for the window of a channel is not among it. */
export const mostUnsentBytes = 1024 * 1024;

/** Of all connections of a pool. */
export class ReadingTurns {
  readonly #now: () => number;
  /** Sockets that have something, in the order of their turns, each with how to read a piece of it. */
  readonly #waiting = new Map<Duplex, () => void>();
  #isDue = false;
  /** Milliseconds of reading since the last turn began. */
  #spent = 0;

  /** @param now milliseconds; for tests */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Call it before anybody reads. Whoever listens to `data` gets pieces, each when its turn has come.
   * @returns the socket
   */
  share<T extends Duplex>(socket: T): T {
    // An error in what listens belongs to whoever opened the socket.
    const read = AsyncResource.bind(() => this.#readPiece(socket));
    // ssh2 resumes its socket as soon as it listens. While somebody listens to `readable`, nothing flows, and each read
    // tells those who listen to `data`.
    socket.once('resume', () => socket.on('readable', () => this.#wait(socket, read)));
    return socket;
  }

  #wait(socket: Duplex, read: () => void): void {
    if (socket.writableNeedDrain && socket.writableLength > mostUnsentBytes)
      return void socket.once('drain', () => this.#wait(socket, read));
    this.#waiting.set(socket, read);
    if (!this.#isDue) this.#work();
  }

  /** Begins a turn after everything else had one. */
  #turn(): void {
    this.#spent = 0;
    this.#work();
  }

  #work(): void {
    // Who comes meanwhile waits here, too.
    this.#isDue = true;
    let before = this.#now();
    try {
      // Who waits again comes to the end.
      for (const [socket, read] of this.#waiting) {
        if (this.#spent >= turnMilliseconds) break;
        this.#waiting.delete(socket);
        read();
        const now = this.#now();
        this.#spent += now - before;
        before = now;
        if (!socket.destroyed && socket.readableLength > 0) this.#wait(socket, read);
      }
    } finally {
      this.#isDue = this.#waiting.size > 0;
      if (this.#isDue) setImmediate(() => this.#turn());
    }
  }

  #readPiece(socket: Duplex): void {
    if (socket.destroyed) return;
    // A read of nothing tells the end.
    socket.read(socket.readableLength > pieceBytes ? pieceBytes : undefined);
  }
}
