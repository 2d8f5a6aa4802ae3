import { once } from 'node:events';
import { Duplex, PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it, onTestFinished, vi } from 'vitest';
import { waitFor } from '../../test/support/wait.ts';
import { ConnectionPool } from './pool.ts';
import { ReadingTurns, mostUnsentBytes, pieceBytes } from './reading-turns.ts';
import { startTestingServer } from './testing-server.ts';

interface Piece {
  readonly of: string;
  readonly bytes: number;
  readonly turn: number;
}

/** Connections on a clock of which each piece takes some milliseconds. */
class Line {
  readonly pieces: Piece[] = [];
  #now = 0;
  #turn = 0;
  readonly #turns = new ReadingTurns(() => this.#now);

  /** @returns the sender's end. It listens as ssh2 does. */
  async connection(of: string, millisecondsOfPiece: number): Promise<PassThrough> {
    return await this.add(of, new PassThrough({ highWaterMark: 1024 * 1024 }), millisecondsOfPiece);
  }

  async add<T extends Duplex>(of: string, socket: T, millisecondsOfPiece: number): Promise<T> {
    socket.pause();
    this.#turns.share(socket);
    socket.on('data', ({ length }: Buffer) => {
      this.#now += millisecondsOfPiece;
      this.pieces.push({ of, bytes: length, turn: this.#turn });
    });
    socket.resume();
    await once(socket, 'resume');
    return socket;
  }

  /** Until nothing comes any more. */
  async rest(): Promise<void> {
    for (let quiet = 0, seen = 0; quiet < 3; quiet = seen === this.pieces.length ? quiet + 1 : 0) {
      seen = this.pieces.length;
      await nextTurn();
      this.#turn += 1;
    }
  }

  bytesOf(name: string): number {
    return this.pieces.filter(({ of }) => of === name).reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

/** @returns what shall come in the next turns, and comes when it is called. */
function stubbedTurns(): readonly (() => void)[] {
  const turns: (() => void)[] = [];
  vi.stubGlobal('setImmediate', (turn: () => void) => void turns.push(turn));
  onTestFinished(() => void vi.unstubAllGlobals());
  return turns;
}

async function nextTick(): Promise<void> {
  await new Promise<void>((resolve) => process.nextTick(resolve));
}

it('what waits on a connection is handed over in pieces, a few in each turn of the event loop', async () => {
  const line = new Line();
  const socket = await line.connection('flood', 4);
  socket.write(Buffer.alloc(20 * pieceBytes + 1));
  await line.rest();
  expect(line.bytesOf('flood')).toBe(20 * pieceBytes + 1);
  expect(Math.max(...line.pieces.map(({ bytes }) => bytes))).toBe(pieceBytes);
  // After 12 ms, the ten are over.
  const perTurn = Map.groupBy(line.pieces, ({ turn }) => turn);
  expect(
    perTurn
      .values()
      .map((pieces) => pieces.length)
      .toArray(),
  ).toEqual([3, 3, 3, 3, 3, 3, 3]);
});

it('connections take turns once the first one is used up', async () => {
  const line = new Line();
  const [flood, calm] = [await line.connection('flood', 8), await line.connection('calm', 0)];
  flood.write(Buffer.alloc(10 * pieceBytes));
  calm.write('an answer');
  await line.rest();
  // The flood came first and had 16 ms at once.
  expect(line.pieces.slice(0, 4).map(({ of }) => of)).toEqual(['flood', 'flood', 'flood', 'calm']);
  expect(line.bytesOf('flood')).toBe(10 * pieceBytes);
});

it('what comes while the turn is not used up waits for no other one', async () => {
  const turns = stubbedTurns();
  const line = new Line();
  const [first, second] = [await line.connection('first', 6), await line.connection('second', 6)];
  for (const [socket, part] of [
    [first, 'a'],
    [second, 'bc'],
  ] as const) {
    socket.write(part);
    await nextTick();
  }
  expect([line.pieces.map(({ of }) => of), turns.length]).toEqual([['first', 'second'], 0]);
  first.write('d');
  await nextTick();
  expect([line.bytesOf('first'), turns.length]).toEqual([1, 1]);
  turns[0]?.();
  expect(line.bytesOf('first')).toBe(2);
});

it('what comes later is read, and the end is told', async () => {
  const line = new Line();
  const socket = await line.connection('late', 0);
  const ended = new Promise((resolve) => socket.once('end', () => resolve('ended')));
  for (const part of ['a', 'bc', 'def']) {
    socket.write(part);
    await line.rest();
  }
  socket.end('g');
  expect(await ended).toBe('ended');
  expect(line.pieces.map(({ bytes }) => bytes)).toEqual([1, 2, 3, 1]);
});

it('an error in one of those who listen leaves the others their turns', async () => {
  const turns = stubbedTurns();
  const line = new Line();
  const [busy, bad] = [await line.connection('busy', 10), await line.connection('bad', 0)];
  const good = await line.connection('good', 0);
  bad.once('data', () => {
    throw new Error('a fault');
  });
  for (const socket of [busy, bad, good]) socket.write('x');
  await waitFor('both wait', () => turns.length === 1);
  await nextTick();
  expect(() => turns[0]?.()).toThrow('a fault');
  expect(line.bytesOf('good')).toBe(0);
  turns[1]?.();
  expect(line.bytesOf('good')).toBe(1);
});

it('a connection that is destroyed while it waits gives nothing more', async () => {
  const line = new Line();
  const socket = await line.connection('gone', 20);
  socket.on('data', () => socket.destroy());
  socket.write(Buffer.alloc(10 * pieceBytes));
  await line.rest();
  expect(line.bytesOf('gone')).toBe(pieceBytes);
});

it('a connection that takes nothing is not read until it does', async () => {
  const line = new Line();
  let took = (): void => undefined;
  const socket = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done) => void (took = done),
  });
  await line.add('deaf', socket, 0);
  // As each packet of some kinds has to be answered.
  socket.on('data', (piece: Buffer) => socket.write(Buffer.alloc(10 * piece.length)));
  socket.push(Buffer.alloc(100 * pieceBytes));
  await line.rest();
  const read = line.bytesOf('deaf');
  expect(socket.writableLength).toBeGreaterThan(mostUnsentBytes);
  expect(socket.writableLength).toBeLessThanOrEqual(mostUnsentBytes + 10 * pieceBytes);
  expect(read).toBeLessThan(20 * pieceBytes);
  while (socket.writableLength > 0) {
    took();
    await nextTurn();
    if (line.bytesOf('deaf') > read) break;
  }
  await line.rest();
  expect(line.bytesOf('deaf')).toBeGreaterThan(read);
});

it('each connection of a pool takes part, also one through a jump host', async () => {
  const shared = vi.spyOn(ReadingTurns.prototype, 'share');
  onTestFinished(() => shared.mockRestore());
  await using server = await startTestingServer();
  await using jump = await startTestingServer();
  const pool = new ConnectionPool();
  await pool.get({ ...server.target, jumpHost: jump.target }, new AbortController().signal);
  expect(shared).toHaveBeenCalledTimes(2);
  await pool.close();
});
