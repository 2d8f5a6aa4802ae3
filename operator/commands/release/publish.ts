/**
 * Publishes a release: all its files first, the manifest last, so a release is complete or does not exist. A
 * published release never changes; publishing the same again succeeds and does nothing.
 */
import type { KeyObject } from 'node:crypto';
import { BlobError, type BlobStore } from '../../../blob-store/blob-store.ts';
import { readIfThere } from '../../../blob-store/read.ts';
import { ArchiveError } from '../../../release/archive/archive-error.ts';
import { checkDump } from '../../../release/archive/dump.ts';
import { checkArchive } from '../../../release/archive/read-archive.ts';
import type { Release } from '../../../release/generated/release.ts';
import { manifestPath, releaseFilePath, signaturePath } from '../../../release/layout.ts';
import {
  canonicalJSON,
  manifestBytes,
  maximumManifestBytes,
  sha256,
  signManifest,
} from '../../../release/manifest.ts';
import { validateRelease } from '../../../release/validate.ts';
import { formatBytes } from '../../../base/bytes.ts';
import { CommandError, type Terminal } from '../../../command-line/terminal.ts';
import { readReleaseDirectory, type ReleaseDirectory, type ReleaseFile } from './directory.ts';
import type { Registry } from './registry.ts';
import { tryRelease } from './trial.ts';

export interface PublishInput {
  readonly directory: string;
  readonly store: BlobStore;
  /** Registry that holds the images, as hosts name it; replaces the manifest's. */
  readonly registry?: string;
  /** Asks the registry for digests; made for the final name of the registry. */
  readonly openRegistry: (registry: string) => Registry;
  readonly signingKey?: KeyObject;
  readonly dryRun: boolean;
}

export interface PublishResult {
  readonly version: string;
  readonly digest: string;
  readonly outcome: 'Published' | 'AlreadyPublished' | 'WouldPublish';
  readonly files: number;
  readonly bytes: number;
  readonly images: number;
  readonly signed: boolean;
}

/** @throws {CommandError} @throws {ReleaseInvalidError} @throws {BlobError} */
export async function publishRelease(input: PublishInput, terminal: Terminal): Promise<PublishResult> {
  const { store } = input;
  const directory = await readReleaseDirectory(input.directory);
  await checkDataSets(directory, terminal);
  const release = await completeRelease(input, directory, terminal);
  tryRelease(release, directory.templateTexts);
  const manifest = manifestBytes(release);
  if (manifest.length > maximumManifestBytes)
    throw new CommandError(`the manifest has ${manifest.length} bytes; ${maximumManifestBytes} are allowed`);
  const files = [...directory.templates, ...directory.dataSets];
  const result = {
    version: release.version,
    digest: sha256(manifest),
    files: files.length,
    bytes: files.reduce((bytes, file) => bytes + file.bytes, 0),
    images: release.components.length,
    signed: input.signingKey !== undefined,
  };
  const present = await readIfThere(
    store,
    manifestPath(release.version),
    maximumManifestBytes,
    terminal.signal,
  );
  if (present !== undefined && !present.equals(manifest)) throw alreadyDifferent(release, present, store);
  if (input.dryRun)
    return { ...result, outcome: present === undefined ? 'WouldPublish' : 'AlreadyPublished' };
  if (present === undefined) await uploadFiles(store, release.version, files, terminal);
  // Before the manifest: a reader that demands a signature must find one as soon as there is a manifest.
  if (input.signingKey !== undefined) {
    await create(
      store,
      signaturePath(release.version),
      Buffer.from(signManifest(manifest, input.signingKey)),
      'text/plain',
      terminal.signal,
    );
  }
  if (present !== undefined) return { ...result, outcome: 'AlreadyPublished' };
  await create(store, manifestPath(release.version), manifest, 'application/json', terminal.signal);
  return { ...result, outcome: 'Published' };
}

/**
 * Reads it as the loading job does. A published release never changes, so one that cannot be loaded must not
 * be published.
 */
async function checkDataSets({ draft, dataSets }: ReleaseDirectory, terminal: Terminal): Promise<void> {
  for (const file of dataSets) {
    const kind = draft.vanilla.find(({ path }) => path === file.path)?.kind;
    try {
      await (kind === 'Database'
        ? checkDump(file.open(), terminal.signal)
        : checkArchive(file.open(), terminal.signal));
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
      throw new CommandError(
        `${file.path} cannot be published, because no stack could load it: ${error.message}. Create it again`,
        { cause: error },
      );
    }
    terminal.note(`${file.path} was read and can be loaded`);
  }
}

/** The draft with registry, image digests, and sizes and digests of its files. */
async function completeRelease(
  input: PublishInput,
  directory: ReleaseDirectory,
  terminal: Terminal,
): Promise<Release> {
  const { draft } = directory;
  const registryName = input.registry ?? draft.registry;
  const registry = input.openRegistry(registryName);
  const components: Release['components'] = [];
  for (const [index, component] of draft.components.entries()) {
    const { repository, tag, digest: pinned } = component.image;
    const digest = await registry.digest(repository, pinned ?? tag, terminal.signal);
    if (pinned !== undefined && digest !== pinned)
      throw new CommandError(`image ${repository}@${pinned} is ${digest} in the registry`);
    terminal.note(`[${index + 1}/${draft.components.length}] image ${repository}:${tag} is ${digest}`);
    components.push({ ...component, image: { repository, tag, digest } });
  }
  const sizes = new Map(
    directory.dataSets.map(({ path, bytes, sha256: digest }) => [path, { bytes, sha256: digest }]),
  );
  const release: Release = {
    ...draft,
    registry: registryName,
    components,
    vanilla: draft.vanilla.map((set) => ({ ...set, ...sizes.get(set.path) })),
    templates: directory.templates.map(({ path, bytes, sha256: digest }) => ({
      path,
      bytes,
      sha256: digest,
    })),
  };
  return validateRelease(release, 'Published', `${input.directory}/release.yaml, completed`);
}

async function uploadFiles(
  store: BlobStore,
  version: string,
  files: readonly ReleaseFile[],
  terminal: Terminal,
): Promise<void> {
  const total = files.reduce((bytes, file) => bytes + file.bytes, 0);
  let done = 0;
  for (const [index, file] of files.entries()) {
    await create(
      store,
      releaseFilePath(version, file.path),
      file,
      'application/octet-stream',
      terminal.signal,
    );
    done += file.bytes;
    const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
    terminal.note(
      `[${index + 1}/${files.length}] ${file.path} (${formatBytes(file.bytes)}), ${percent} % of ${formatBytes(total)}`,
    );
  }
}

/** Like {@link BlobStore.create}, but says what a conflict means for a publisher. */
async function create(
  store: BlobStore,
  name: string,
  content: Parameters<BlobStore['create']>[1],
  type: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await store.create(name, content, type, signal);
  } catch (error) {
    if (!(error instanceof BlobError) || !['BlobExists', 'BlobImmutable'].includes(error.reason)) throw error;
    throw new CommandError(
      `${name} is already in ${store.description} with other content, from an earlier attempt that did not finish: published files never change, so give this release a new version`,
      { cause: error },
    );
  }
}

function alreadyDifferent(release: Release, present: Buffer, store: BlobStore): CommandError {
  const ours: Readonly<Record<string, unknown>> = { ...release };
  const theirs = fieldsOf(present);
  const names = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])];
  const different = names.filter((name) => canonicalJSON([ours[name]]) !== canonicalJSON([theirs[name]]));
  return new CommandError(
    `release ${release.version} is already published in ${store.description} and differs in: ${different.join(', ')}. A published release never changes: give this one a new version`,
  );
}

function fieldsOf(manifest: Buffer): Readonly<Record<string, unknown>> {
  try {
    const document: unknown = JSON.parse(manifest.toString());
    return typeof document === 'object' && document !== null ? { ...document } : {};
  } catch {
    return {};
  }
}
