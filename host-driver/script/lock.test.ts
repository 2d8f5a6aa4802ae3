/** The shell function that takes the host's lock, run by a real shell in a directory of its own. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

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
