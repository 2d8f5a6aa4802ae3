import { describe, expect, it } from 'vitest';
import { presentable } from './presentable.ts';
import { SecretRegistry } from './secret-registry.ts';

const registry = new SecretRegistry({ ownNamespace: 'jtel-system' });
registry.register('a/ssh', ['correct-horse-battery', 'abc123', 'Updating']);
registry.register('b/other', ['secret-of-somebody-else']);
const inA = <T>(value: T): T => presentable(value, (text) => registry.redact(text, 'a'));

describe('what people read in an object', () => {
  it('masks the secrets of its namespace, and never says what others have', () => {
    expect(inA({ conditions: [{ message: 'login with correct-horse-battery failed' }] })).toEqual({
      conditions: [{ message: 'login with [redacted] failed' }],
    });
    expect(inA({ message: 'correct-horse-battery' })).toEqual({ message: '[redacted]' });
    expect(inA({ message: 'secret-of-somebody-else' })).toEqual({ message: 'secret-of-somebody-else' });
  });

  it('leaves alone what programs read back, whatever a Secret has', () =>
    expect(inA({ phase: 'Updating', count: 3, on: true, at: undefined })).toEqual({
      phase: 'Updating',
      count: 3,
      on: true,
      at: undefined,
    }));

  it('is never longer than before, so it fits where it was cut to fit', () => {
    const message = 'abc123 '.repeat(20).trimEnd();
    expect(inA({ message }).message.length).toBeLessThanOrEqual(message.length);
    expect(inA({ message }).message).not.toContain('abc123');
  });

  it('holds nothing that a terminal obeys, in no field', () =>
    expect(inA({ message: 'a\u001b[2J\nb\u009b1m\u202ec\u200f', machineID: '\u001b]0;x\u0007' })).toEqual({
      message: 'a\ufffd[2J b\ufffd1m\ufffdc\ufffd',
      machineID: '\ufffd]0;x\ufffd',
    }));

  it('is the same if it is done again', () => {
    const once = inA({ message: 'correct-horse-battery \u001b[2J abc123' });
    expect(inA(once)).toEqual(once);
  });
});

it('a status that was cut within a secret does not show its beginning', () => {
  const message = `${'x'.repeat(1000)} correct-horse-battery`.slice(0, 1015);
  expect(inA({ message }).message).not.toContain('correct');
});
