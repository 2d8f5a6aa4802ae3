/** Reads streams without holding up everybody else. */
import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * The same pieces, with a turn of the event loop after each. Pieces that wait already are otherwise read one after the other without any,
 * so whoever sends quickly stops the process.
 */
export async function* inTurns<T>(pieces: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  for await (const piece of pieces) {
    yield piece;
    await nextTurn();
  }
}
