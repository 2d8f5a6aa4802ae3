import { describe, expect, it } from 'vitest';
import { Handover } from './handover.ts';

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('a handover', () => {
  it('gives everything that several producers put, then ends', async () => {
    const handover = new Handover<number>(2);
    const producers = [1, 2, 3].map(async (base) => {
      for (let i = 0; i < 10; i++) await handover.put(base * 100 + i);
    });
    const all = collect(handover.take());
    await Promise.all(producers);
    handover.end();
    expect(await all).toHaveLength(30);
  });

  it('lets producers wait while it is full', async () => {
    const handover = new Handover<number>(1);
    let put = 0;
    const producing = (async () => {
      for (; put < 3; put++) await handover.put(put);
    })();
    await Promise.resolve();
    expect(put).toBe(1);
    const taking = handover.take();
    expect((await taking.next()).value).toBe(0);
    expect((await taking.next()).value).toBe(1);
    expect((await taking.next()).value).toBe(2);
    await producing;
  });

  it('passes a failure on after what was put before', async () => {
    const handover = new Handover<number>(5);
    await handover.put(1);
    handover.end({ error: new Error('broken') });
    const taking = handover.take();
    expect((await taking.next()).value).toBe(1);
    await expect(taking.next()).rejects.toThrow('broken');
  });

  it('releases its producers when the consumer leaves', async () => {
    const handover = new Handover<number>(1);
    await handover.put(1);
    const waiting = handover.put(2);
    const taking = handover.take();
    await taking.next();
    await taking.return();
    await waiting;
    await handover.put(3);
    expect((await taking.next()).done).toBe(true);
  });
});
