import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withLock } from './lock.ts';

it('lets one in after the other, also when the first one fails', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'lock-'));
  const file = join(directory, 'lock');
  const events: string[] = [];
  try {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const first = withLock(file, async () => {
      events.push('first in');
      await released;
      events.push('first out');
      throw new Error('failed');
    });
    await expect.poll(() => events).toEqual(['first in']);
    const second = withLock(file, async () => events.push('second in'));
    release();
    await expect(first).rejects.toThrow('failed');
    await second;
    expect(events).toEqual(['first in', 'first out', 'second in']);
  } finally {
    await rm(directory, { recursive: true });
  }
});
