/** Connects `kubectl jtel` to the process it runs in. */
import { spawnSync } from 'node:child_process';
import { runInProcess } from '../command-line/process.ts';
import type { Surroundings } from './surroundings.ts';

/** @returns the exit code. */
export function main(argv: readonly string[]): Promise<number> {
  return runInProcess(async (signal) => {
    const { runPlugin } = await import('./program.ts');
    return await runPlugin(argv, surroundings(signal));
  });
}

function surroundings(signal: AbortSignal): Surroundings {
  const { stdin, stdout, stderr, env } = process;
  const isPersonThere = stdin.isTTY && stderr.isTTY;
  return {
    print: (line) => void stdout.write(`${line}\n`),
    note: (line) => void stderr.write(`${line}\n`),
    signal,
    environment: env,
    stdin,
    stdout,
    stderr,
    ...(stdout.isTTY
      ? {
          screen: {
            type: env['TERM'] ?? 'xterm',
            size: () => ({ columns: stdout.columns, rows: stdout.rows }),
            onResize: (listener: () => void) => {
              stdout.on('resize', listener);
              return () => void stdout.off('resize', listener);
            },
          },
        }
      : {}),
    ...(isPersonThere ? { ask } : {}),
    ...(stdin.isTTY
      ? {
          rawKeys: () => {
            stdin.setRawMode(true);
            // Node keeps the translation of line ends on, which spoils the screens of editors and pagers in
            // the container.
            spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
            return () => void stdin.setRawMode(false);
          },
        }
      : {}),
    now: () => new Date(),
  };
}

async function ask(question: string, signal: AbortSignal): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question, { signal });
  } finally {
    lines.close();
  }
}
