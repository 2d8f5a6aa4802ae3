import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingLogger } from '../../test/support/recording-logger.ts';
import { AuditLog } from './audit-log.ts';

let directory: string;
let file: string;
let lost: number;
let logger: RecordingLogger;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'audit-'));
  file = join(directory, 'audit.jsonl');
  lost = 0;
  logger = new RecordingLogger();
});
afterEach(() => rm(directory, { recursive: true }));

function logTo(target: string): AuditLog {
  return new AuditLog({ target, logger, lost: (lines) => void (lost += lines) });
}

async function linesOf(path: string): Promise<unknown[]> {
  const text = await readFile(path, 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}

describe('an audit log', () => {
  it('appends each line in order, to a file that only its owner reads', async () => {
    const log = logTo(file);
    for (let number = 0; number < 100; number++) log.write({ number });
    await log.close();
    const next = logTo(file);
    next.write({ number: 100 });
    await next.close();
    expect(await linesOf(file)).toEqual(Array.from({ length: 101 }, (_, number) => ({ number })));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('begins a new file after somebody renamed the old one', async () => {
    const log = logTo(file);
    log.write({ number: 1 });
    await log.close();
    await rename(file, `${file}.1`);
    log.write({ number: 2 });
    await log.close();
    expect(await linesOf(`${file}.1`)).toEqual([{ number: 1 }]);
    expect(await linesOf(file)).toEqual([{ number: 2 }]);
  });

  it('cuts what is long, and holds nothing that a terminal obeys', async () => {
    const log = logTo(file);
    log.write({
      message: '\u001b[2J\u009b1m\u202e',
      long: 'x'.repeat(5000),
      many: Array.from({ length: 500 }, (_, index) => index),
    });
    await log.close();
    expect(await linesOf(file)).toEqual([
      {
        message: '\ufffd[2J\ufffd1m\ufffd',
        long: `${'x'.repeat(256)}…`,
        many: Array.from({ length: 32 }, (_, index) => index),
      },
    ]);
  });

  it('says once that the disk is full, and counts every lost line', async () => {
    const log = logTo('/dev/full');
    for (let number = 0; number < 3; number++) {
      log.write({ number });
      await log.close();
    }
    expect(lost).toBe(3);
    expect(logger.messages('error')).toEqual(['audit lines are lost until they can be written']);
  });

  it('holds nobody up while its target takes nothing', async () => {
    execFileSync('mkfifo', [file]);
    const log = logTo(file);
    // Opening a pipe without a reader waits.
    for (let number = 0; number < 10_000; number++) log.write({ number, text: 'x'.repeat(200) });
    expect(lost).toBeGreaterThan(1000);
    const read = promisify(execFile)('head', ['-n', String(10_000 - lost), file], { maxBuffer: 2 ** 24 });
    await log.close();
    const { stdout } = await read;
    expect(stdout.trimEnd().split('\n')).toHaveLength(10_000 - lost);
  });

  it('writes to standard output, also when nobody reads yet', async () => {
    const program = `
      const { AuditLog } = await import(${JSON.stringify(join(import.meta.dirname, 'audit-log.ts'))});
      const log = new AuditLog({ target: '-', logger: console, lost: () => process.exit(3) });
      for (let number = 0; number < 3000; number++) log.write({ number, text: 'x'.repeat(200) });
      await log.close();`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      maxBuffer: 2 ** 24,
    });
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { number: number }).number),
    ).toEqual(Array.from({ length: 3000 }, (_, number) => number));
  });
});
