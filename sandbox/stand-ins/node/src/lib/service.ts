/** What every stand-in does at its start: it reads secrets as root, then drops to jtel's user (uid 1000). */
import { readFileSync } from 'node:fs';

/**
 * A mounted secret without its final newline. Only root can read it: call this before {@link dropPrivileges}.
 */
export function secret(name: string): string {
  const path = `/run/secrets/${name}`;
  let text: string;
  try {
    text = readFileSync(path, 'utf8').replace(/\n$/, '');
  } catch (error) {
    throw new Error(`secret ${name} cannot be read from ${path}: mount it there`, { cause: error });
  }
  if (text === '') throw new Error(`secret ${name} at ${path} is empty`);
  return text;
}

/** From here on the process is jtel's user and cannot go back. */
export function dropPrivileges(): void {
  if (process.getuid?.() !== 0) return;
  process.setgroups?.([]);
  process.setgid?.(1000);
  process.setuid?.(1000);
}

/** Value of an environment variable, or the default when it is absent or empty. */
export function setting(name: string, fallback: string): string {
  return process.env[name] || fallback;
}

/** A number of seconds, count or port from the environment. */
export function numberSetting(name: string, fallback: number): number {
  const text = process.env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0)
    throw new Error(`${name} is ${JSON.stringify(text)}: give a number, 0 or more`);
  return value;
}

/** The release that this image belongs to. */
export function ownRelease(): string {
  return setting('JTEL_RELEASE', '0.0.0');
}

/** One line with a time stamp. */
export function say(message: string): void {
  process.stdout.write(`${new Date().toISOString()} ${message}\n`);
}

/** Ends the process with code 0 on SIGTERM or SIGINT, after `close`. */
export function endOnSignal(close: () => Promise<void> | void): void {
  const end = (): void => {
    // A hanging connection must not turn a stop into a kill.
    setTimeout(() => process.exit(0), 3000).unref();
    void Promise.resolve(close()).then(
      () => process.exit(0),
      () => process.exit(0),
    );
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
}

/** All messages of an error and its causes, on one line. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${explain(error.cause)}`;
}
