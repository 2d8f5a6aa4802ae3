/**
 * Where the sandbox keeps things: the shared cache, and one directory (0700) per sandbox for its keys and
 * state.
 */
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export const repositoryDirectory = resolve(import.meta.dirname, '..');
export const sandboxDirectory = join(repositoryDirectory, 'sandbox');

/**
 * Things that take long to make and are the same for every sandbox: Kubernetes binaries, locks, dockerd's
 * log.
 */
export const cacheDirectory = join(
  process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'),
  'jtel-operator',
);

const namePattern = /^[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?$/;

/** A sandbox's or a host's name becomes part of container names, paths and DNS names. */
export function assertName(kind: 'sandbox' | 'host', name: string): void {
  if (!namePattern.test(name)) {
    throw new Error(
      `${kind} name ${JSON.stringify(name)} is not allowed: use 1 to 30 lower-case letters, digits and dashes.`,
    );
  }
}

export function stateDirectory(sandbox: string): string {
  assertName('sandbox', sandbox);
  return join(repositoryDirectory, '.sandbox', sandbox);
}

export async function makePrivateDirectory(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  return path;
}

export function lockFile(name: string): string {
  return join(cacheDirectory, 'locks', name.replaceAll(/[^a-z0-9.-]+/gi, '-'));
}
