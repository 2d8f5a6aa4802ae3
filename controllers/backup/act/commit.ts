/**
 * Makes a backup of what a job has stored. It compares everything, writes the documents, and writes the manifest last: that
 * is the backup, and it is signed. Every step can be repeated. A manifest that is there already is adopted if an earlier try
 * signed it.
 */

import { isDeepStrictEqual } from 'node:util';
import type { DataSet } from '../../../backup-format/data-set.ts';
import { FormatError } from '../../../backup-format/schema.ts';
import type { BackupJobResult } from '../../../jobs/backup.ts';
import {
  formatMinor,
  longestManifestBytes,
  manifestText,
  parseManifest,
  seriesOf,
  type Manifest,
  type StoredBlob,
} from '../../../backup-format/manifest.ts';
import { paths } from '../../../backup-format/names.ts';
import { publicKeyPEM, signedText, type Signer } from '../../../backup-format/signature.ts';
import { allowsChanges, BlobError, refusesChanges, type BlobStore } from '../../../blob-store/blob-store.ts';
import type { ReadRetention, Retention } from '../../../blob-store/retention.ts';
import { sha256 } from '../../../release/manifest.ts';
import { readManifest, readPackList, requireStored, type LoadedBackup } from '../../stores/backup-catalog.ts';
import { comparedWith, doubtOf } from '../../stores/backup-doubt.ts';
import type { Catalog } from '../../stores/trust.ts';
import { InputError } from '../../inputs/input-error.ts';
import { retentionProblem, type ImmutabilityPolicy } from '../../stores/retention.ts';
import { missingFiles } from './missing-files.ts';
import { optional } from '../../../base/optional.ts';
import { formatTime } from '../../../runtime/report/conditions.ts';

export interface StoredDocument {
  readonly name: 'stack.json' | 'release.json' | 'compose.yaml';
  readonly content: Buffer;
}

type OriginField =
  | 'backupID'
  | 'identity'
  | 'epoch'
  | 'writer'
  | 'trigger'
  | 'request'
  | 'carriedOut'
  | 'release'
  | 'tools'
  | 'excluded'
  | 'startTime';

/** What the manifest says besides the job's result. */
export interface Origin extends Pick<Manifest, OriginField> {
  readonly parent?: string;
  readonly keyID?: string;
}

export interface CommitOptions {
  /** Trusts the signer, too. */
  readonly catalog: Catalog;
  readonly signer: Signer;
  readonly origin: Origin;
  /** Absent when the job is gone; then the manifest must be there. */
  readonly result: BackupJobResult | undefined;
  /** RFC 3339; when the job ended. */
  readonly endTime: string;
  readonly documents: readonly StoredDocument[];
  /** Somebody accepted backups up to this backupID, although they lack what older ones had. */
  readonly accepted?: string;
  /** What is asked of the store. */
  readonly immutability: ImmutabilityPolicy;
  /** Asks the management plane for the container's policy; absent when the store does not want that. */
  readonly retention?: ReadRetention;
}

/** What was found when the backup was completed in the store; the last word on its contents. */
export interface Committed {
  readonly manifestDigest: string;
  readonly signingKeyID: string;
  readonly version: string;
  readonly epoch: string;
  readonly totalBytes: number;
  readonly uploadedBytes: number;
  readonly storedBytes: number;
  readonly reusedBytes: number;
  readonly missingFiles: number;
  /** Objects that it shares with earlier backups and that lie in the archive tier. */
  readonly archivedObjects?: number;
  readonly dataSets: readonly DataSet[];
  readonly immutability: {
    readonly state: 'Verified' | 'Unprotected' | 'Unknown';
    readonly facts: ImmutabilityFacts;
    readonly untilTime?: string;
  };
  /** Size of the last good backup of the same method, when this one is far smaller. */
  readonly shrunkFromBytes?: number;
  /** Data sets without content that had some. */
  readonly emptied?: readonly string[];
}

/** What is known of the store's immutability. */
export type ImmutabilityFacts =
  | { readonly is: 'NotAsked' }
  | {
      readonly is: 'Tried';
      /** What the store answered to the attempt, in its own words. */
      readonly detail: string;
      /** Why a refusal is not enough. */
      readonly problem?: string;
      /** What the container's policy says, when nothing is wrong with it. */
      readonly retention?: Retention;
    };

/**
 * @throws {InputError} `BackupIncomplete` when something is missing in the store; `ReferenceInvalid` when the name is taken
 * @throws {BlobError}
 */
export async function commit(options: CommitOptions, signal: AbortSignal): Promise<Committed> {
  const { catalog, origin, result } = options;
  const present = await catalog.blobs.properties(paths.manifest(origin.identity, origin.backupID), signal);
  const { manifest, manifestDigest, signingKeyID, archivedObjects } =
    present === undefined ? await write(options, signal) : await adopt(options, signal);
  const { doubt } = manifest;
  return {
    manifestDigest,
    signingKeyID,
    version: manifest.release.version,
    epoch: manifest.epoch,
    totalBytes: manifest.totals.totalBytes,
    uploadedBytes: manifest.totals.uploadedBytes,
    storedBytes: manifest.totals.storedBytes,
    reusedBytes: manifest.totals.reusedBytes,
    missingFiles: missingFiles(manifest.dataSets),
    ...(archivedObjects === 0 ? {} : { archivedObjects }),
    // The job's own data sets have examples of names. It may be another job than that of an adopted manifest.
    dataSets: manifest.dataSets.map((set) => result?.dataSets.find((own) => isSameSet(own, set)) ?? set),
    immutability: await attest(options, signal),
    ...(doubt?.shrunkFrom === undefined ? {} : { shrunkFromBytes: doubt.shrunkFrom.totalBytes }),
    ...(doubt === undefined || doubt.emptied.length === 0
      ? {}
      : { emptied: doubt.emptied.map(({ dataSet }) => dataSet) }),
  };
}

/** A backup that is whole in the store. */
interface Stored extends LoadedBackup {
  readonly signingKeyID: string;
  /** Objects of earlier backups that this one uses, and that cannot be read before they are rehydrated. */
  readonly archivedObjects: number;
}

async function write(options: CommitOptions, signal: AbortSignal): Promise<Stored> {
  const { catalog, signer, origin, result, documents } = options;
  const { blobs: store } = catalog;
  const { identity, backupID } = origin;
  if (result === undefined)
    throw new InputError('BackupIncomplete', 'The job is gone before what it stored was compared.');
  try {
    const stored = documents.map(({ name, content }): StoredBlob => ({
      name,
      bytes: content.length,
      sha256: sha256(content),
    }));
    const facts = manifestOf(options, result, stored);
    // The manifest's own reader checks it, and so the job's answer: a manifest that nobody can read is not worth storing.
    const checked = parseManifest(manifestText(facts), { identity, backupID });
    const doubt = doubtOf(checked, await comparedWith(catalog, checked, options.accepted, signal));
    const text = signedText(manifestText(doubt === undefined ? facts : { ...facts, doubt }), signer);
    const manifest = parseManifest(text, { identity, backupID });
    const packs = await readPackList(store, manifest, signal);
    await requireIndexParts(store, origin, result, signal);
    for (const { name, content } of documents) {
      await store.create(
        paths.part(identity, backupID, name),
        content,
        name.endsWith('.json') ? 'application/json' : 'application/yaml',
        signal,
      );
    }
    const { keyID } = signer;
    const seal = { is: 'Signed', keyID } as const;
    const loaded: LoadedBackup = { manifest, manifestDigest: sha256(text), seal, packs };
    const archived = await requireStored(store, loaded, signal);
    await publish(store, identity, signer, signal);
    const name = paths.manifest(identity, backupID);
    await store.create(name, Buffer.from(text), 'application/json', signal);
    const readBack = await store.read(name, longestManifestBytes, signal);
    if (sha256(readBack) !== loaded.manifestDigest)
      throw new BlobError(
        'DigestMismatch',
        `${store.description} does not give back the ${name} that was written; do not trust this store until that is explained`,
      );
    return { ...loaded, signingKeyID: keyID, archivedObjects: archived.length };
  } catch (error) {
    throw asIncomplete(error);
  }
}

/** For people who check signatures by hand. Somebody else's blob under that name is no reason to have no backup. */
async function publish(
  store: BlobStore,
  identity: string,
  { keyID, publicKey }: Signer,
  signal: AbortSignal,
): Promise<void> {
  const name = paths.publicKey(identity, keyID);
  try {
    await store.create(name, Buffer.from(publicKeyPEM(publicKey)), 'application/x-pem-file', signal);
  } catch (error) {
    if (!(error instanceof BlobError && error.reason === 'BlobExists')) throw error;
  }
}

/**
 * Takes over a manifest that an earlier try signed and wrote before it was interrupted. What the job says now does not matter:
 * if that try's job was lost meanwhile, another job has stored other parts, and what was signed is whole without them.
 */
async function adopt({ catalog, origin }: CommitOptions, signal: AbortSignal): Promise<Stored> {
  const { blobs: store } = catalog;
  const { identity, backupID } = origin;
  const entry = await readManifest(catalog, identity, backupID, signal);
  const { seal } = entry;
  const strange = differences(entry.manifest, origin);
  if (seal.is !== 'Signed' || strange.length > 0) {
    const unsigned = seal.is === 'Signed' ? [] : ['it is without a signature that counts'];
    throw new InputError(
      'ReferenceInvalid',
      `${store.description} already has a backup ${backupID} of ${identity} that no earlier try of this one wrote (${[...unsigned, ...strange].join('; ')}): it was not touched.`,
    );
  }
  try {
    const loaded = { ...entry, packs: await readPackList(store, entry.manifest, signal) };
    const archivedObjects = (await requireStored(store, loaded, signal)).length;
    return { ...loaded, signingKeyID: seal.keyID, archivedObjects };
  } catch (error) {
    throw asIncomplete(error);
  }
}

/** In what a manifest differs from those that tries of this backup write. */
function differences({ writer: found, epoch, encryption }: Manifest, expected: Origin): readonly string[] {
  const fields = (['clusterID', 'namespace', 'name', 'stackUID'] as const).filter(
    (field) => found[field] !== expected.writer[field],
  );
  const strange = fields.map((field) => `the ${field} of its writer is ${found[field]}`);
  if (epoch !== expected.epoch) strange.push(`its epoch is ${epoch}`);
  if (encryption?.keyID !== expected.keyID)
    strange.push(
      encryption === undefined ? 'it is not encrypted' : `it is encrypted with ${encryption.keyID}`,
    );
  return strange;
}

/** The same job and objects give the same manifest, so writing it again after a crash adds nothing. */
function manifestOf(
  { origin, endTime }: CommitOptions,
  result: BackupJobResult,
  documents: readonly StoredBlob[],
): Manifest {
  const { parent, keyID, ...facts } = origin;
  const blob = ({ name, bytes, sha256: digest }: StoredBlob): StoredBlob => ({ name, bytes, sha256: digest });
  return {
    formatVersion: 1,
    formatMinor,
    ...facts,
    ...optional({ parent }),
    ...(result.server === undefined ? {} : { server: serverOf(result.server) }),
    ...optional({ position: result.position }),
    endTime,
    ...(keyID === undefined ? {} : { encryption: { method: 'AES-256-GCM', keyID } }),
    dataSets: result.dataSets.map(withoutExamples),
    indexParts: result.indexParts.map(blob),
    ...(result.attributeParts === undefined ? {} : { attributeParts: result.attributeParts.map(blob) }),
    packList: blob(result.packList),
    documents,
    totals: {
      totalBytes: result.totalBytes,
      storedBytes: result.storedBytes,
      packs: result.packs,
      uploadedBytes: result.uploadedBytes,
      reusedBytes: result.reusedBytes,
    },
  };
}

/** The manifest is not encrypted, so it has no names of files. */
function withoutExamples({ leftOut, ...set }: DataSet): DataSet {
  return {
    ...set,
    ...(leftOut === undefined ? {} : { leftOut: leftOut.map(({ kind, entries }) => ({ kind, entries })) }),
  };
}

/** Also with the same files, another job may have left out others. */
function isSameSet(own: DataSet, set: DataSet): boolean {
  return (
    own.name === set.name &&
    own.digest === set.digest &&
    isDeepStrictEqual(withoutExamples(own).leftOut, set.leftOut)
  );
}

function serverOf({
  version,
  keys,
}: NonNullable<BackupJobResult['server']>): NonNullable<Manifest['server']> {
  const series = seriesOf(version);
  return {
    version,
    ...optional({ series, keys }),
  };
}

/** Compares the parts by the MD5 that the store itself computed. The operator does not read indexes. */
async function requireIndexParts(
  store: BlobStore,
  { identity, backupID }: Origin,
  { indexParts, attributeParts = [] }: BackupJobResult,
  signal: AbortSignal,
): Promise<void> {
  for (const { name, bytes, md5 } of [...indexParts, ...attributeParts]) {
    const found = await store.properties(paths.part(identity, backupID, name), signal);
    if (found === undefined)
      throw new InputError('BackupIncomplete', `${name} is missing in ${store.description}.`);
    if (
      found.bytes !== bytes ||
      (found.md5 !== undefined && found.md5 !== Buffer.from(md5, 'base64').toString('hex'))
    ) {
      throw new InputError('BackupIncomplete', `${name} in ${store.description} is not what the job wrote.`);
    }
  }
}

/** The manifest itself is used for the proof: all objects of a container share its policy. */
async function attest(
  { catalog: { blobs: store }, origin, immutability, retention: ask }: CommitOptions,
  signal: AbortSignal,
): Promise<Committed['immutability']> {
  if (immutability.policy === 'None') return { state: 'Unknown', facts: { is: 'NotAsked' } };
  const name = paths.manifest(origin.identity, origin.backupID);
  const [proof, managed] = await Promise.all([store.proveImmutable(name, signal), ask?.(signal)]);
  const tried = { is: 'Tried', detail: proof.detail } as const;
  const retention = proof.retention ?? managed;
  if (!refusesChanges(proof))
    return { state: allowsChanges(proof) ? 'Unprotected' : 'Unknown', facts: tried };
  const problem = retentionProblem(immutability, retention)?.message;
  if (problem !== undefined) return { state: 'Unprotected', facts: { ...tried, problem } };
  const created = (await store.properties(name, signal))?.createdTime;
  const days = retention?.kind === 'TimeBased' ? retention.days : immutability.retentionDays;
  const until = created === undefined ? undefined : new Date(Date.parse(created) + days * 86_400_000);
  return {
    state: 'Verified',
    facts: { ...tried, ...optional({ retention }) },
    ...(until === undefined ? {} : { untilTime: formatTime(until) }),
  };
}

function asIncomplete(error: unknown): unknown {
  const isAboutContent =
    error instanceof FormatError || (error instanceof InputError && error.reason === 'BackupInvalid');
  return isAboutContent ? new InputError('BackupIncomplete', error.message, error) : error;
}
