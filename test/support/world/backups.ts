/**
 * What stories of backups do in a world in memory: ask for a backup of a Ready stack, and wait for its end.
 */
import { expect } from 'vitest';
import type { Manifest } from '../../../backup-format/manifest.ts';
import { manifestName } from '../../../backup-format/names.ts';
import type { Retention } from '../../../blob-store/retention.ts';
import { aBackup, storeLikeAJob } from '../../../controllers/backup/testing.ts';
import {
  loadBackup,
  requireComplete,
  type LoadedBackup,
} from '../../../controllers/stores/backup-catalog.ts';
import { noConsent } from '../../../controllers/stores/trust.ts';
import { trusting } from '../signing.ts';
import { backupKind, type JtelBackup } from '../../../crds/index.ts';
import type { FakeJobOutcome } from '../../../host-driver/fake/machine.ts';
import type { JobSpec } from '../../../host-driver/host.ts';
import type { BackupJobInput } from '../../../jobs/backup.ts';
import { installed } from './restores.ts';
import { World } from './world.ts';

export const key = { namespace: 'acme', name: 'main-now' };
const { signal } = new AbortController();

export interface BackupOptions {
  readonly policy?: 'Required' | 'Preferred';
  readonly immutable?: boolean;
  /** What the management plane says; without it, the plane is not asked. */
  readonly retention?: Retention;
  /** What is requested besides a backup of the stack. */
  readonly asked?: Partial<JtelBackup['spec']>;
  /** Encryption keys of the store, as its Secret holds them. */
  readonly keys?: Readonly<Record<string, string>>;
  /** What becomes of the backup's job, by its number. By default it stores what a real one would. */
  readonly job?: (count: number, input: BackupJobInput, world: World) => FakeJobOutcome;
}

type BackupJob = JobSpec & { readonly input: BackupJobInput };

export interface AskedFor {
  readonly world: World;
  /** Jobs of the backup, one for each try. */
  readonly jobs: readonly BackupJob[];
}

/** A Ready stack and a requested backup; there is no operator yet. */
export async function backupAskedFor(options: BackupOptions = {}): Promise<AskedFor> {
  const { policy = 'Required', immutable = true, keys } = options;
  const world = await World.create({
    immutable,
    customer: {
      immutability: { policy, retentionDays: 180 },
      ...(keys === undefined ? {} : { encryptionKeySecretRef: { name: 'keys' } }),
    },
  });
  world.retention = options.retention;
  if (keys !== undefined) await world.addSecret('keys', keys);
  await installed(world, { version: '3.43.2' });
  await world.kill();
  const jobs: BackupJob[] = [];
  world.runJob = (spec) => {
    if (spec.type !== 'backup') return { durationMilliseconds: 1e9 };
    const input = spec.input as BackupJobInput;
    jobs.push({ ...spec, input });
    return options.job?.(jobs.length, input, world) ?? { result: storeLikeAJob(world.customer, input) };
  };
  await ask(world, options.asked);
  return { world, jobs };
}

/** @param labels of the object, such as Flux puts on what it applies */
export async function ask(
  world: World,
  asked: Partial<JtelBackup['spec']> = {},
  labels: Readonly<Record<string, string>> = {},
): Promise<void> {
  const metadata = { ...key, labels } as JtelBackup['metadata'];
  await world.cluster.create(backupKind, { ...aBackup(undefined, asked), metadata }, { signal });
}

export function backupOf(world: World): Promise<JtelBackup | undefined> {
  return world.cluster.find(backupKind, key, { signal });
}

export function manifests({ customer }: World): readonly string[] {
  return [...customer.blobs.keys()].filter((name) => name.endsWith(manifestName));
}

/** Waits until it has ended and nothing is left to clean up. */
export async function untilOver(world: World): Promise<JtelBackup | 'crashed' | 'gone'> {
  let over: JtelBackup | undefined;
  const reached = await world.until('the backup to end', async () => {
    over = await backupOf(world);
    const phase = over?.status?.phase;
    return (
      over === undefined ||
      ((phase === 'Completed' || phase === 'Failed') && (over.metadata.finalizers ?? []).length === 0)
    );
  });
  return reached ? (over ?? 'gone') : 'crashed';
}

/** Starts an operator, and waits until the backup is Completed or Failed and nothing is left to clean up. */
export async function ended(world: World): Promise<JtelBackup> {
  world.start();
  const over = await untilOver(world);
  if (typeof over === 'string') throw new Error(`the backup is ${over}`);
  return over;
}

export async function expectRestorable(world: World, backup: JtelBackup): Promise<void> {
  expect(manifests(world)).toHaveLength(1);
  const loaded = await loadStored(world, backup);
  expect(loaded.manifestDigest).toBe(backup.status?.manifestDigest);
  expect(loaded.seal).toEqual({ is: 'Signed', keyID: backup.status?.signingKeyID });
  await requireComplete(world.customer, loaded, signal);
}

/** Trusts nothing but what the store's status names. */
async function loadStored(world: World, { status }: JtelBackup): Promise<LoadedBackup> {
  const { signingKeys = [] } = (await world.store()).status ?? {};
  const catalog = trusting(world.customer, { keys: signingKeys.map(({ publicKey }) => publicKey) });
  return await loadBackup(catalog, status?.identity ?? '', status?.backupID ?? '', noConsent, signal);
}

export async function storedManifest(world: World, backup: JtelBackup): Promise<Manifest> {
  return (await loadStored(world, backup)).manifest;
}
