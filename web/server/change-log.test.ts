import { describe, expect, it } from 'vitest';
import { ChangeLog } from './change-log.ts';

const none = new Map<string, string>();
const stack = (key: string): { stacks: Map<string, string>; stores: typeof none; about: boolean } => ({
  stacks: new Map([[key, 'acme']]),
  stores: none,
  about: false,
});

describe('the log of changes', () => {
  it('joins what changed after a position, each row once', () => {
    const log = new ChangeLog();
    for (const key of ['a', 'b', 'a']) log.add(stack(key));
    expect([...(log.since(0)?.stacks.keys() ?? [])]).toEqual(['a', 'b']);
    expect([...(log.since(2)?.stacks.keys() ?? [])]).toEqual(['a']);
    expect(log.since(3)?.stacks.size).toBe(0);
  });

  it('remembers a bounded number of keys, and says what it does not know', () => {
    // Each takes two: its key, and itself.
    const log = new ChangeLog(6);
    for (const key of ['a', 'b', 'c', 'd']) log.add(stack(key));
    expect(log.since(0)).toBeUndefined();
    expect([...(log.since(1)?.stacks.keys() ?? [])]).toEqual(['b', 'c', 'd']);
    expect(log.since(5)).toBeUndefined();
  });

  it('does not know what happened after changes that are too many for it', () => {
    const log = new ChangeLog(1);
    log.add(stack('a'));
    expect(log.since(0)).toBeUndefined();
    expect(log.since(1)?.stacks.size).toBe(0);
  });
});
