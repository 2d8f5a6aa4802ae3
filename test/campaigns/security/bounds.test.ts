import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { measured } from './bounds.ts';

const pieceBytes = 2 ** 20;
const pieces = 200;

describe('memory of a piece of work', () => {
  it('is what is in use at one time', async () => {
    const kept: Buffer[] = [];
    const { memoryMiB } = await measured(async () => {
      for (let index = 0; index < pieces; index += 1) {
        kept.push(Buffer.alloc(pieceBytes, index));
        await setImmediate();
      }
    });
    expect(kept).toHaveLength(pieces);
    // It is looked at now and then, and memory that is used again counts once.
    expect(memoryMiB).toBeGreaterThan(pieces / 2);
  });

  it('is not what it threw away', async () => {
    const { memoryMiB } = await measured(async () => {
      for (let index = 0; index < pieces; index += 1) {
        Buffer.alloc(pieceBytes, index);
        await setImmediate();
      }
    });
    expect(memoryMiB).toBeLessThan(32);
  });
});
