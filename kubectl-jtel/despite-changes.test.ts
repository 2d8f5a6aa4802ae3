import { describe, expect, it } from 'vitest';
import { ApiError } from '../runtime/client/api-error.ts';
import { despiteChanges } from './despite-changes.ts';

const conflict = new ApiError(409, 'Conflict', 'changed');

/** Fails so often before it writes. */
function failing(
  times: number,
  error: unknown,
): { readonly tries: () => number; readonly run: Promise<string> } {
  let tries = 0;
  const run = despiteChanges('acme', async () => {
    tries += 1;
    if (tries <= times) throw error;
    return 'written';
  });
  return { run, tries: () => tries };
}

describe('an object that somebody else changes', () => {
  it('is written at the next try', async () => {
    await expect(failing(4, conflict).run).resolves.toBe('written');
  });

  it('again and again is given up', async () => {
    const { run, tries } = failing(100, conflict);
    await expect(run).rejects.toThrow('nothing was written: somebody changed acme');
    expect(tries()).toBe(5);
  });

  it('is not tried again after another error', async () => {
    const { run, tries } = failing(1, new ApiError(403, 'Forbidden', 'no'));
    await expect(run).rejects.toThrow('no');
    expect(tries()).toBe(1);
  });
});
