/**
 * `release list` and `release verify`: the content of a vendor store, and whether it is still what was
 * published.
 */
import { createHash } from 'node:crypto';
import semver from 'semver';
import type { BlobStore } from '../../../blob-store/blob-store.ts';
import { ReleaseSource, type ReleaseSourceOptions } from '../../../controllers/inputs/release-source.ts';
import { releaseFilePath, releasesFolder, versionOfManifest } from '../../../release/layout.ts';
import { formatBytes } from '../../../base/bytes.ts';
import { CommandError, type Terminal } from '../../../command-line/terminal.ts';

export interface ListedRelease {
  readonly version: string;
  /** RFC 3339. */
  readonly publishedTime: string;
}

/** Newest version last. */
export async function listReleases(store: BlobStore, signal: AbortSignal): Promise<readonly ListedRelease[]> {
  const releases: ListedRelease[] = [];
  for await (const { name, createdTime } of store.list(releasesFolder, signal)) {
    const version = versionOfManifest(name);
    if (version !== undefined && semver.valid(version) !== null)
      releases.push({ version, publishedTime: createdTime });
  }
  return releases.toSorted((left, right) => semver.compare(left.version, right.version));
}

export interface VerifyResult {
  readonly version: string;
  readonly digest: string;
  readonly files: number;
  readonly bytes: number;
}

/**
 * A data set up to this size is read into memory; a bigger one streams through a URL that can read only it.
 */
const maximumInMemoryBytes = 64 * 1024 * 1024;

/** Whoever runs the command asks, and waits for nobody. */
const noStack = '';

/**
 * Reads the whole release again and compares every digest.
 * @throws {InputError}
 * @throws {CommandError} for missing, damaged or unsigned parts
 */
export async function verifyRelease(
  store: BlobStore,
  version: string,
  options: ReleaseSourceOptions & { readonly inMemoryBytes?: number },
  terminal: Terminal,
): Promise<VerifyResult> {
  const { release, digest } = await new ReleaseSource(options).load(store, version, {
    namespace: noStack,
    signal: terminal.signal,
  });
  const templates = release.templates ?? [];
  let bytes = templates.reduce((sum, file) => sum + file.bytes, 0);
  for (const [index, set] of release.vanilla.entries()) {
    const expected = { bytes: set.bytes ?? 0, sha256: set.sha256 ?? '' };
    const name = releaseFilePath(version, set.path);
    const inMemory = expected.bytes <= (options.inMemoryBytes ?? maximumInMemoryBytes);
    const found = inMemory
      ? await hashRead(store, name, expected.bytes, terminal.signal)
      : await hashStream(store, name, expected.bytes, terminal.signal);
    if (found.bytes !== expected.bytes || found.sha256 !== expected.sha256) {
      throw new CommandError(
        `release ${version} in ${store.description} is damaged: ${set.path} is not what the manifest says (sha256 or length differs)`,
      );
    }
    bytes += expected.bytes;
    terminal.note(
      `[${index + 1}/${release.vanilla.length}] ${set.path} (${formatBytes(expected.bytes)}) is whole`,
    );
  }
  return { version, digest, files: templates.length + release.vanilla.length, bytes };
}

interface Hashed {
  readonly bytes: number;
  readonly sha256: string;
}

async function hashRead(
  store: BlobStore,
  name: string,
  maximumBytes: number,
  signal: AbortSignal,
): Promise<Hashed> {
  const content = await store.read(name, maximumBytes, signal);
  return { bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
}

/** @returns more bytes than the maximum if there are more; the rest is not read */
async function hashStream(
  store: BlobStore,
  name: string,
  maximumBytes: number,
  signal: AbortSignal,
): Promise<Hashed> {
  const lifetimeSeconds = 6 * 3600;
  // The URL is a secret and must not get into an error's message.
  const response = await fetch(await store.readUrl(name, lifetimeSeconds), { signal }).catch(() => undefined);
  signal.throwIfAborted();
  if (response?.body === undefined || response.body === null || !response.ok) {
    throw new CommandError(
      `cannot read ${name} in ${store.description}: ${response === undefined ? 'no answer' : `it answered ${response.status}`}`,
    );
  }
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of response.body) {
    hash.update(chunk);
    bytes += chunk.length;
    if (bytes > maximumBytes) break;
  }
  return { bytes, sha256: hash.digest('hex') };
}
