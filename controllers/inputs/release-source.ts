/**
 * Reads releases from a vendor store, and checks schema, digests and signature. A published release never changes, so it is
 * kept in memory, with the texts of its templates for each stack. A kept release is given only to credentials that have read it
 * once. What may take long, the check and the templates, is a task; in the operator a thread does it.
 */
import type { KeyObject } from 'node:crypto';
import { ByteCache } from '../../base/byte-cache.ts';
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
  sha256,
} from '../../release/manifest.ts';
import { RenderError, type StackInput } from '../../release/stack-input.ts';
import { releaseTasks, type ReleaseTasks, type TaskResult } from '../../release/tasks.ts';
import { templatesNeeded, type TemplateTexts } from '../../release/template-texts.ts';
import { needsMore, TaskLimitError } from '../../base/threads/task-limit-error.ts';
import { tasksHere, type TaskRunner } from '../../base/threads/task-runner.ts';
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
  /** Who checks and renders. Default: this thread, for programs that serve one person. */
  readonly tasks?: TaskRunner<ReleaseTasks>;
}

/** Whose templates: one stack's. */
export interface TextsFor {
  readonly stack: StackInput;
  readonly project: string;
  /** Only what {@link componentFiles} takes of this component. */
  readonly component?: string;
}

/** Of releases in memory; a fleet runs a few versions at a time. */
const keptReleaseBytes = 32 * 1024 * 1024;
/** Of texts in memory. Those of one stack have some ten KiB. */
const keptTextBytes = 16 * 1024 * 1024;
/** A manifest as objects, in bytes of its JSON. */
const timesInMemory = 4;
/** Of an entry of a cache, besides its value. */
const entryBytes = 512;
const maximumTemplatesBytes = 4 * 1024 * 1024;
/** The search ends here: it only makes a message better. */
const maximumListed = 10_000;

export interface LoadOptions {
  /** Whose stack asks. */
  readonly namespace: string;
  readonly signal: AbortSignal;
}

export class ReleaseSource {
  readonly #publicKey: KeyObject | undefined;
  readonly #tasks: TaskRunner<ReleaseTasks>;
  readonly #kept = new ByteCache<LoadedRelease>(keptReleaseBytes);
  readonly #texts = new ByteCache<TaskResult<TemplateTexts>>(keptTextBytes);

  /** @throws {TypeError} when `publicKey` is not an ed25519 public key. */
  constructor(options: ReleaseSourceOptions = {}) {
    this.#publicKey = options.publicKey === undefined ? undefined : ed25519PublicKey(options.publicKey);
    this.#tasks = options.tasks ?? tasksHere(releaseTasks);
  }

  /** The key that releases are checked with, as base64 of its DER; undefined when they are not. */
  get statedKey(): string | undefined {
    return this.#publicKey?.export({ type: 'spki', format: 'der' }).toString('base64');
  }

  /** Checks with a key that was written down as {@link statedKey}. @throws {TypeError} when it is none. */
  static withStatedKey(key: string | undefined): ReleaseSource {
    if (key === undefined) return new ReleaseSource();
    return new ReleaseSource({ publicKey: `-----BEGIN PUBLIC KEY-----\n${key}\n-----END PUBLIC KEY-----\n` });
  }

  /**
   * @throws {InputError} `ReleaseNotFound` or `ReleaseInvalid`
   * @throws {BlobError} when the store cannot be read
   */
  async load(store: BlobStore, version: string, asked: LoadOptions): Promise<LoadedRelease> {
    const key = `${store.identity} ${version}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const { loaded, bytes } = await this.#read(store, version, asked);
    this.#kept.set(key, loaded, bytes);
    return loaded;
  }

  /**
   * The texts of the templates that a stack needs. They depend on nothing but the arguments, so they are kept, and so is why
   * there are none.
   * @throws {RenderError}
   * @throws {InputError} `ReleaseInvalid` when a template takes too long or too much memory
   */
  async texts(
    { release, templates, digest }: Pick<LoadedRelease, 'release' | 'templates' | 'digest'>,
    { stack, project, component }: TextsFor,
    signal: AbortSignal,
  ): Promise<TemplateTexts> {
    const batch = templatesNeeded({ release, templates, stack, project }, component);
    // What is rendered follows from the manifest (also which templates), from the context, and from who is asked about.
    const key = sha256(JSON.stringify([digest, component, batch.context]));
    const kept = this.#texts.get(key);
    const made = kept ?? (await this.#render(release.version, batch, key, stack.namespace, signal));
    if (kept === undefined) this.#texts.set(key, made, bytesOf(made));
    if ('problem' in made) throw new RenderError(made.problem);
    return made.value;
  }

  async #render(
    version: string,
    batch: ReturnType<typeof templatesNeeded>,
    id: string,
    owner: string,
    signal: AbortSignal,
  ): Promise<TaskResult<TemplateTexts>> {
    if (batch.templates.length === 0) return { value: new Map() };
    return await bounded(`release ${version} cannot be rendered`, () =>
      this.#tasks.run('renderTemplates', batch, { owner, id, signal }),
    );
  }

  async #read(
    store: BlobStore,
    version: string,
    { namespace: owner, signal }: LoadOptions,
  ): Promise<{ readonly loaded: LoadedRelease; readonly bytes: number }> {
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
    const digest = sha256(bytes);
    const checked = await bounded(`${what} cannot be checked`, () =>
      this.#tasks.run('checkManifest', { bytes, what }, { owner, id: digest, signal }),
    );
    if ('problem' in checked) throw new InputError('ReleaseInvalid', checked.problem);
    const release = checked.value;
    if (release.version !== version)
      throw new InputError(
        'ReleaseInvalid',
        `${what} says that it is ${release.version}: publish it again under a new version.`,
      );
    const templates = await readTemplates(store, release, what, signal);
    const templateBytes = [...templates.values()].reduce((sum, text) => sum + text.length, 0);
    return {
      loaded: { release, templates, digest },
      bytes: bytes.length * timesInMemory + templateBytes + entryBytes,
    };
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

function bytesOf(made: TaskResult<TemplateTexts>): number {
  if ('problem' in made) return made.problem.length + entryBytes;
  return [...made.value].reduce((sum, [id, text]) => sum + id.length + text.length + entryBytes, entryBytes);
}

async function bounded<T>(what: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (!(error instanceof TaskLimitError)) throw error;
    const { at = 'it', limit } = error;
    throw new InputError('ReleaseInvalid', `${what}: ${at} ${needsMore(limit)}: make it simpler.`, error);
  }
}
