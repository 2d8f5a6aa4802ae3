/** Connects `kubectl jtel` to the process it runs in. */
import { spawnSync } from 'node:child_process';
import type { Surroundings } from './surroundings.ts';

/** @returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals): void => controller.abort(new Error(`${signal} received`));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  // A closed pipe (`… | head`) is the reader's right, not an error of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    controller.abort(error);
  });
  try {
    const { runPlugin } = await import('./program.ts');
    return await runPlugin(argv, surroundings(controller.signal));
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

function surroundings(signal: AbortSignal): Surroundings {
  const { stdin, stdout, stderr, env } = process;
  const isPersonThere = stdin.isTTY && stderr.isTTY;
  return {
    print: (line) => void stdout.write(`${line}\n`),
    tell: (line) => void stderr.write(`${line}\n`),
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
            // Node leaves the translation of line ends on, which spoils the screens of editors and pagers in the container.
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
