/**
 * Reads releases from a vendor store, and checks schema, digests and signature. A published release never changes, so it is
 * kept in memory. A kept release is given only to credentials that have read it once.
 */
import type { KeyObject } from 'node:crypto';
import type { BlobStore } from '../../blob-store/blob-store.ts';
import { readOr } from '../../blob-store/read.ts';
import type { Release } from '../../release/generated/release.ts';
import {
  manifestPath,
  releaseFilePath,
  releasesFolder,
  signaturePath,
  versionOfManifest,
} from '../../release/layout.ts';
import {
  ed25519PublicKey,
  isSignedBy,
  maximumManifestBytes,
  maximumTemplateBytes,
  parseManifest,
  sha256,
} from '../../release/manifest.ts';
import { ReleaseInvalidError } from '../../release/validate.ts';
import { InputError } from './input-error.ts';

export interface LoadedRelease {
  readonly release: Release;
  /** The text of each file, by its path in the manifest. */
  readonly templates: ReadonlyMap<string, string>;
  /** sha256 of the manifest's bytes. */
  readonly digest: string;
}

export interface ReleaseSourceOptions {
  /** The vendor's ed25519 key as PEM. When it is given, unsigned releases are refused. */
  readonly publicKey?: string;
}

/** Releases kept in memory; a fleet runs a few versions at a time. */
const maximumKept = 64;
const maximumTemplatesBytes = 16 * 1024 * 1024;
/** The search ends here: it only makes a message better. */
const maximumListed = 10_000;

export class ReleaseSource {
  readonly #publicKey: KeyObject | undefined;
  readonly #kept = new Map<string, LoadedRelease>();

  /** @throws {TypeError} when `publicKey` is not an ed25519 public key. */
  constructor(options: ReleaseSourceOptions = {}) {
    this.#publicKey = options.publicKey === undefined ? undefined : ed25519PublicKey(options.publicKey);
  }

  /**
   * @throws {InputError} `ReleaseNotFound` or `ReleaseInvalid`
   * @throws {BlobError} when the store cannot be read
   */
  async load(store: BlobStore, version: string, signal: AbortSignal): Promise<LoadedRelease> {
    const key = `${store.identity} ${version}`;
    const kept = this.#kept.get(key);
    // It is removed and added again, so the map stays ordered by use.
    this.#kept.delete(key);
    const loaded = kept ?? (await this.#read(store, version, signal));
    this.#kept.set(key, loaded);
    const oldest = this.#kept.keys().next();
    if (this.#kept.size > maximumKept && oldest.done !== true) this.#kept.delete(oldest.value);
    return loaded;
  }

  async #read(store: BlobStore, version: string, signal: AbortSignal): Promise<LoadedRelease> {
    const what = `release ${version} in ${store.description}`;
    const bytes = await readOr(store, manifestPath(version), maximumManifestBytes, signal, async () => {
      const versions = await publishedVersions(store, signal);
      const known = versions.length === 0 ? 'no release at all' : versions.slice(-10).join(', ');
      return new InputError(
        'ReleaseNotFound',
        `${what} does not exist; the store has ${known}: correct spec.version, or publish it.`,
      );
    });
    await this.#checkSignature(store, version, bytes, what, signal);
    const release = parsed(bytes, what);
    if (release.version !== version)
      throw new InputError(
        'ReleaseInvalid',
        `${what} says that it is ${release.version}: publish it again under a new version.`,
      );
    return { release, templates: await readTemplates(store, release, what, signal), digest: sha256(bytes) };
  }

  async #checkSignature(
    store: BlobStore,
    version: string,
    bytes: Buffer,
    what: string,
    signal: AbortSignal,
  ): Promise<void> {
    if (this.#publicKey === undefined) return;
    const signature = await readOr(store, signaturePath(version), 1024, signal, () =>
      Promise.resolve(
        new InputError(
          'ReleaseInvalid',
          `${what} is not signed, but the operator demands a signature: publish it with --signing-key-file.`,
        ),
      ),
    );
    if (isSignedBy(bytes, signature.toString(), this.#publicKey)) return;
    throw new InputError(
      'ReleaseInvalid',
      `${what} is not signed with the key that the operator trusts: it is not used; find out who published it.`,
    );
  }
}

/** The versions that have a manifest, in the order of the store's list. */
async function publishedVersions(store: BlobStore, signal: AbortSignal): Promise<readonly string[]> {
  const versions: string[] = [];
  let listed = 0;
  for await (const { name } of store.list(releasesFolder, signal)) {
    const version = versionOfManifest(name);
    if (version !== undefined) versions.push(version);
    listed += 1;
    if (listed >= maximumListed) break;
  }
  return versions;
}

async function readTemplates(
  store: BlobStore,
  release: Release,
  what: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const files = release.templates ?? [];
  const total = files.reduce((bytes, file) => bytes + file.bytes, 0);
  if (total > maximumTemplatesBytes || files.some((file) => file.bytes > maximumTemplateBytes)) {
    throw new InputError(
      'ReleaseInvalid',
      `${what} has templates of ${total} bytes: ${maximumTemplateBytes} each and ${maximumTemplatesBytes} in all are allowed.`,
    );
  }
  const templates = new Map<string, string>();
  for (const file of files) {
    const content = await readOr(store, releaseFilePath(release.version, file.path), file.bytes, signal, () =>
      Promise.resolve(
        new InputError('ReleaseInvalid', `${what} is incomplete: ${file.path} is missing in the store.`),
      ),
    );
    if (content.length !== file.bytes || sha256(content) !== file.sha256) {
      throw new InputError(
        'ReleaseInvalid',
        `${what} is damaged: ${file.path} is not what the manifest says (sha256 differs).`,
      );
    }
    templates.set(file.path, content.toString());
  }
  return templates;
}

function parsed(bytes: Buffer, what: string): Release {
  try {
    return parseManifest(bytes, what);
  } catch (error) {
    if (error instanceof ReleaseInvalidError) throw new InputError('ReleaseInvalid', error.message, error);
    throw error;
  }
}
