import { expect, it } from 'vitest';
import { inTurns } from './in-turns.ts';

async function* waiting(count: number): AsyncGenerator<number, void, undefined> {
  for (let piece = 0; piece < count; piece += 1) yield piece;
}

it('gives a turn to all others after each piece', async () => {
  let turns = 0;
  let counts = true;
  const count = (): void => {
    turns += 1;
    if (counts) setImmediate(count);
  };
  setImmediate(count);
  const seen: number[] = [];
  for await (const piece of inTurns(waiting(20))) seen.push(piece);
  counts = false;
  expect(seen).toHaveLength(20);
  expect(turns).toBeGreaterThanOrEqual(19);
});

it('ends the stream when its reader does', async () => {
  let isEnded = false;
  async function* endless(): AsyncGenerator<number, void, undefined> {
    try {
      for (;;) yield 1;
    } finally {
      isEnded = true;
    }
  }
  for await (const piece of inTurns(endless())) if (piece === 1) break;
  expect(isEnded).toBe(true);
});
