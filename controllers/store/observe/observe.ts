/** Observes a store without changing it: whether these credentials can list it, and what is complete in it. */
import { manifestName, paths } from '../../../backup-format/names.ts';
import {
  BlobError,
  type BlobProperties,
  type BlobStore,
  type ContainerPolicy,
} from '../../../blob-store/blob-store.ts';
import type { ReadRetention } from '../../../blob-store/retention.ts';
import type { JtelBackupStore } from '../../../crds/index.ts';
import { InputError } from '../../inputs/input-error.ts';
import type { Problem } from '../../inputs/outcome.ts';
import { whyJobsCannotUse } from '../../stores/job-access.ts';
import type { Archived, Contents, Observed } from './observed.ts';
import { optional } from '../../../base/optional.ts';

/** No more entries are counted. A release has some dozens, a backup some eight. */
const maximumEntries = 50_000;
/** One page of a listing. */
const packsLookedAt = 5_000;

/** `jtel-operator release publish` writes this last: a release without it does not exist. */
const releaseMarker = /^releases\/[^/]+\/release\.json$/;

/**
 * @param identities whose backups are counted: those of the stacks that use the store, and those that it names
 * @param open opens the store; its errors about the store become part of what was observed
 * @param readRetention asks the management plane; absent when the store does not want that
 * @throws errors that are not about the store, such as an API server that does not answer
 */
export async function observe(
  store: JtelBackupStore,
  open: () => Promise<BlobStore>,
  signal: AbortSignal,
  identities: readonly string[] = [],
  readRetention?: ReadRetention,
): Promise<{ observed: Observed; blobs?: BlobStore }> {
  try {
    const blobs = await open();
    const contents =
      store.spec.tier === 'Vendor'
        ? await countReleases(blobs, signal)
        : await countBackups(blobs, identities, signal);
    const cannotSign = await whyJobsCannotUse(store, blobs);
    const listed = { kind: 'Listed', contents, ...optional({ cannotSign }) } as const;
    if (store.spec.immutability.policy === 'None') return { observed: listed, blobs };
    const [policy, retention] = await Promise.all([readPolicy(blobs, signal), readRetention?.(signal)]);
    return {
      observed: {
        ...listed,
        ...optional({ policy, retention }),
      },
      blobs,
    };
  } catch (error) {
    return { observed: { kind: 'Unusable', problem: problemOf(error, store) } };
  }
}

/** @throws the error itself when it says nothing about the store. */
export function problemOf(error: unknown, store: JtelBackupStore): Problem {
  if (error instanceof BlobError || error instanceof InputError)
    return { reason: error.reason, message: error.message };
  // The adapter refuses an address that the CRD's rules should have refused.
  if (error instanceof RangeError)
    return {
      reason: 'SpecInvalid',
      message: `JtelBackupStore ${store.metadata.name}: ${error.message}; correct spec.azure.`,
    };
  throw error;
}

/** Lists only the folders of backups: a store can hold very many packs, and a backup exists when its manifest does. */
async function countBackups(
  blobs: BlobStore,
  identities: readonly string[],
  signal: AbortSignal,
): Promise<Contents | undefined> {
  // One page shows whether the store can be listed at all.
  for await (const _ of blobs.list('', signal)) break;
  if (identities.length === 0) return undefined;
  const tally = new Tally();
  for (const identity of new Set(identities)) {
    for await (const blob of blobs.list(paths.backups(identity), signal)) {
      if (!tally.take(blob, blob.name.endsWith(`/${manifestName}`))) return undefined;
    }
    await lookAtOldestPacks(blobs, identity, tally, signal);
  }
  return tally.contents;
}

/** Archiving rules go by age. Packs are listed by their epoch, so the oldest come first. */
async function lookAtOldestPacks(
  blobs: BlobStore,
  identity: string,
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  let looked = 0;
  for await (const blob of blobs.list(paths.allPacks(identity), signal)) {
    tally.note(blob);
    looked += 1;
    if (looked === packsLookedAt) return;
  }
}

/** A SAS token may be good for blobs only. Then the container cannot be asked, and that is no fault of the store. */
async function readPolicy(blobs: BlobStore, signal: AbortSignal): Promise<ContainerPolicy | undefined> {
  try {
    return await blobs.policy(signal);
  } catch (error) {
    if (error instanceof BlobError && error.reason === 'StoreCredentialsRefused') return undefined;
    throw error;
  }
}

async function countReleases(blobs: BlobStore, signal: AbortSignal): Promise<Contents | undefined> {
  const tally = new Tally();
  for await (const blob of blobs.list('releases/', signal)) {
    if (!tally.take(blob, releaseMarker.test(blob.name))) return undefined;
  }
  return tally.contents;
}

/** Counts what is listed. */
class Tally {
  #entries = 0;
  #count = 0;
  #newestTime: string | undefined;
  #archived: Archived | undefined;

  /** @returns false when there are more entries than are counted */
  take(blob: BlobProperties, isMarker: boolean): boolean {
    this.#entries += 1;
    if (this.#entries > maximumEntries) return false;
    this.note(blob);
    if (!isMarker) return true;
    this.#count += 1;
    if (this.#newestTime === undefined || blob.createdTime > this.#newestTime)
      this.#newestTime = blob.createdTime;
    return true;
  }

  /** Notes only whether the object can be read. */
  note({ name, archive }: BlobProperties): void {
    if (archive !== undefined)
      this.#archived = {
        objects: (this.#archived?.objects ?? 0) + 1,
        example: this.#archived?.example ?? name,
      };
  }

  get contents(): Contents {
    return {
      count: this.#count,
      ...(this.#newestTime === undefined ? {} : { newestTime: this.#newestTime }),
      ...(this.#archived === undefined ? {} : { archived: this.#archived }),
    };
  }
}
