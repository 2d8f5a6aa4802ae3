import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { commandLine, quote } from './quote.ts';

describe('a quoted argument', () => {
  it.each(["it's", '$(id)', '`id`', '-rf', 'a\nb', 'a\\', '"', '*', '', 'ä€', "''", "'; id; '"])(
    'reaches a shell command unchanged: %j',
    (argument) => {
      const output = execFileSync('sh', ['-c', commandLine(['printf', '%s', argument])], {
        encoding: 'utf8',
      });
      expect(output).toBe(argument);
    },
  );

  it('cannot hold a NUL byte', () => {
    expect(() => quote('a\0b')).toThrow('NUL');
  });
});
