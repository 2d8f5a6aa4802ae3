/** The shell functions that take the host's lock and what is sent, run by a real shell in a directory of their own. */
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = readFileSync(new URL('host-common.sh', import.meta.url), 'utf8');
const functions = script.slice(script.indexOf('lock() {'), script.indexOf('is_awaited() {'));

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'jtel-lock-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** @param flock what stands for flock: one that never gets it saves the test a minute */
function lock(verb: string, flock = ''): string {
  const prologue = `dir=${directory} verb=${verb} BUSY=85 FAILED=84\ndie() { echo "$2"; exit; }\n${flock}`;
  return execFileSync('sh', ['-c', `${prologue}\n${functions}\nlock`], { encoding: 'utf8' }).trim();
}

it('whoever waits for the lock in vain learns what holds it, and since when', () => {
  expect(lock('compose-up')).toBe('');
  expect(lock('put-state', 'flock() { return 1; }')).toMatch(
    /^another operation holds .*\/lock \(compose-up since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\)$/,
  );
});

it('what is not such a word is not passed on', () => {
  writeFileSync(join(directory, 'lock'), `\u001B[31m$(id)${'x'.repeat(500)}`);
  const said = lock('put-state', 'flock() { return 1; }');
  expect(said).not.toContain('\u001B');
  expect(said).toMatch(/^another operation holds .*\/lock \(31midx{1,80}\)$/);
});

describe('what is sent', () => {
  const state = '{"formatVersion": 1}\n';
  const sent = `${createHash('sha256').update(state).digest('hex')}\n${state}`;
  const receive = (input: string): string =>
    execFileSync(
      'sh',
      [
        '-c',
        `dir=${directory} FAILED=84\ndie() { echo "refused: $2"; exit; }\n${functions}\nwhole_stdin && cat`,
      ],
      { encoding: 'utf8', input },
    );

  it('is taken when it is whole, and lies nowhere afterwards', () => {
    expect(receive(sent)).toBe(state);
    expect(readdirSync(directory)).toEqual([]);
  });

  it.each([
    ['nothing came', ''],
    ['only a part of its sum', sent.slice(0, 20)],
    ['only its sum', sent.slice(0, 65)],
    ['a part of it', sent.slice(0, -5)],
  ])('is refused when %s: a caller that breaks off looks like one that is done', (_, input) => {
    expect(receive(input)).toBe('refused: what was sent did not arrive whole\n');
    expect(readdirSync(directory)).toEqual([]);
  });
});
