/**
 * Which controllers there are and what wakes them. It works over ports: the operator passes the real API,
 * hosts and stores; tests and campaigns pass those in memory. Everything here writes, so it exists only while
 * this process leads.
 */

import type { ImageReference } from '../host-driver/rendered-release.ts';
import {
  annotations,
  backupKind,
  restoreKind,
  stackKind,
  storeKind,
  type JtelBackup,
  type JtelBackupStore,
  type JtelRestore,
  type JtelStack,
} from '../crds/index.ts';
import { stackIdentity } from '../controllers/stores/backup-identity.ts';
import { isHostAway } from '../controllers/hosts/away.ts';
import { HostClaims } from '../controllers/hosts/claims.ts';
import { CredentialStore } from '../controllers/inputs/credentials.ts';
import type { ReleaseSource } from '../controllers/inputs/release-source.ts';
import { BackupSource, HostWatcher, type Progress, stackReconciler } from '../controllers/stack/index.ts';
import { restoreReconciler } from '../controllers/restore/index.ts';
import { storeReconciler } from '../controllers/store/index.ts';
import { SigningKeys } from '../controllers/stores/signing-keys.ts';
import { openBlobs, type openStore } from '../controllers/stores/store-access.ts';
import type { HostDriver } from '../host-driver/host.ts';
import { audited } from './audit/audited.ts';
import type { Audit } from './audit/lines.ts';
import { followingChannels, runChannels } from './channels.ts';
import { runDrills, testsOfDrills } from './drills.ts';
import { backupHealthFrom } from './backup-health.ts';
import { clusterForSchedules, clusterForStacks } from './cached-clusters.ts';
import type { Caches } from './caches.ts';
import { ledDriver } from './led-driver.ts';
import { SecretWatches } from './secret-watches.ts';
import {
  doorsOf,
  hostIsBack,
  readMetadata,
  stackToTell,
  storeMatters,
  storeToCount,
  waitingBackupMatters,
  waitsForHost,
  isAtWork,
  isNotReady,
  keyOfMetadata,
  waitingFirst,
} from './wakes.ts';
import {
  Activities,
  Controller,
  Quarantine,
  SharedTrouble,
  watching,
  type Cluster,
  type EventRecorder,
  type Logger,
  type ObjectKey,
  type RuntimeMetrics,
  type UnexpectedErrors,
  type Versions,
} from '../runtime/index.ts';
import type { ReadMetadata } from '../runtime/control/meaningful-change.ts';
import type { WorkQueueOptions } from '../runtime/control/work-queue.ts';
import {
  backupReconciler,
  defaultBounds,
  defaultLimits,
  isFinished,
  Places,
  type Bounds,
  type Limits,
} from '../controllers/backup/index.ts';
import { scheduleAside, ScheduleReconciler, type SchedulePods } from '../controllers/schedule/index.ts';
import { optional } from '../base/optional.ts';

/** At two o'clock at night many begin at once, and each look mostly waits for a host. */
const backupWorkers = 32;
/** A look at a schedule is a request or two. */
const scheduleWorkers = 8;
const storeWorkers = 8;
const restoreWorkers = 8;

export interface ControllerParts {
  readonly cluster: Cluster;
  readonly caches: Caches;
  readonly driver: HostDriver;
  readonly releases: ReleaseSource;
  readonly openStore: typeof openStore;
  readonly toolbox: ImageReference;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly metrics?: RuntimeMetrics;
  readonly clusterID: string;
  /** The operator's own: the key that signs backups lies there. */
  readonly ownNamespace: string;
  /** Whether this process is still the leader, by its own clock. */
  readonly mayAct: () => boolean;
  readonly clock: () => Date;
  /** 0…1 */
  readonly random: () => number;
  /** Number of stacks looked at side by side. */
  readonly workers: number;
  readonly resyncSeconds: number;
  /** Time that a stack must stay up after an update before the update counts as good; default 10. */
  readonly monitorSeconds?: number;
  /** Versions of the Secrets as last heard. A look does not read again what has not changed. */
  readonly secretVersions: Versions;
  /** What the CronJobs of the schedules run; without it there are none. */
  readonly schedulePods?: SchedulePods;
  /** Where the stacks are; default: in all namespaces. */
  readonly namespaces?: readonly string[] | 'All';
  /** Is told of every request, decision, effect on a host and write to a store. */
  readonly audit?: Audit;
  /** Limits of backups that differ from the default. */
  readonly backupLimits?: Partial<Limits>;
  /** The most backups at the same time. */
  readonly backupBounds?: Bounds;
  readonly queue?: QueueOptions;
  /** Without it, an error that nobody awaits ends the process. */
  readonly unexpected?: UnexpectedErrors;
  /** What fails in the namespaces of other shards of this process, too. Default: only what fails in those of `caches`. */
  readonly trouble?: SharedTrouble;
  /** The objects of all shards, if `caches` have only those of one: a host that is back may say it of a stack behind the same door. */
  readonly whole?: Caches;
  /** Whether it leads the channels and drills, which belong to no shard; default true. */
  readonly leadsChannels?: boolean;
}

type QueueOptions = Omit<WorkQueueOptions, 'workers' | 'isSlow'>;

interface OpeningParts extends ControllerParts {
  /** Opens a store whose object was read already. */
  readonly openBlobs: typeof openBlobs;
}

/** Runs all controllers until the signal aborts and everything they started has ended. */
export async function runControllers(given: ControllerParts, signal: AbortSignal): Promise<void> {
  const signing = new SigningKeys(given.cluster, given.ownNamespace);
  const trusting: OpeningParts = {
    ...given,
    driver: ledDriver(given.driver, given.mayAct),
    openBlobs,
    openStore: async (...asked) => signing.trustedBy(await given.openStore(...asked)),
  };
  const parts = given.audit === undefined ? trusting : audited(trusting, given.audit, signal);
  const { cluster, caches, events, logger, clock, random } = parts;
  const common = {
    logger,
    reads: readMetadata,
    ...optional({ metrics: parts.metrics, queue: parts.queue, unexpected: parts.unexpected }),
  };
  const freedBy = annotations.reconcileRequestedAt;
  const aside = { cluster, events, clock, freedBy, trouble: parts.trouble ?? new SharedTrouble() };
  const activities = new Activities<Progress>({ enqueue: (key) => stack.enqueue(key), ...common });
  const watcher = new HostWatcher({
    happened: (key) => stack.wake(key),
    // Nobody asked, and hosts may go away by the hundred.
    ended: (key) => stack.enqueue(key, 1, 'Periodic'),
    logger,
  });
  const claims = new HostClaims();
  // Restores, and backups that begin, take up what others wrote just now: they read it live.
  const looking = clusterForStacks(parts);
  const credentials = new CredentialStore(cluster);
  const restoresOfStack = caches.restores.index((one) => [
    `${one.metadata.namespace}/${one.spec.stackRef.name}`,
  ]);
  const restoresOf = ({ metadata }: JtelStack): Promise<readonly JtelRestore[]> =>
    Promise.resolve(restoresOfStack.get(`${metadata.namespace}/${metadata.name}`));
  const toWake = (stackID: string) => waitingFirst(restoresOfStack.get(stackID), isAtWork);
  const backupSource = new BackupSource();
  const stacksOfStore = caches.stacks.index((one) =>
    [
      one.spec.releaseStoreRef.name,
      ...(one.spec.backup === undefined ? [] : [one.spec.backup.storeRef.name]),
    ].map((name) => `${one.metadata.namespace}/${name}`),
  );
  const stacksBehind = caches.stacks.index(doorsOf);
  const isAway = (one: JtelStack): boolean => isHostAway(one, stackLooks.notes(one).awaySince);
  /** Others that may be reached as well now. */
  const alsoAway = (one: JtelStack): readonly ObjectKey[] =>
    doorsOf(one)
      .flatMap((door) => stacksBehind.get(door))
      .filter(isAway)
      .map(keyOfMetadata);
  const stackLooks = stackReconciler({
    ...parts,
    cluster: looking,
    versionHeard: (key) => caches.stacks.get(key)?.metadata.resourceVersion,
    addBackupHealth: backupHealthFrom(caches),
    credentials: new CredentialStore(looking),
    activities,
    watcher,
    claims,
    restoresOf,
    backups: backupSource,
    channelOf: (name) => caches.channels?.get({ namespace: '', name }),
  });
  const stack: Controller<JtelStack> = new Controller<JtelStack>({
    ...common,
    name: 'stack',
    store: caches.stacks,
    workers: parts.workers,
    isSlow: isAway,
    isUnfinished: isAtWork,
    wakes: [
      watching(
        caches.stores,
        (store) =>
          waitingFirst(stacksOfStore.get(`${store.metadata.namespace}/${store.metadata.name}`), isNotReady),
        { matters: storeMatters },
      ),
      watching((parts.whole ?? caches).stacks, alsoAway, { matters: hostIsBack }),
      ...followingChannels(caches),
      watching(caches.restores, ({ metadata, spec }) => [
        { namespace: metadata.namespace, name: spec.stackRef.name },
      ]),
      watching(caches.backups, stackToTell),
    ],
    reconciler: stackLooks,
    quarantine: new Quarantine({ ...aside, kind: stackKind, store: caches.stacks }),
  });
  const restoreActivities = new Activities<string>({ enqueue: (key) => restore.enqueue(key), ...common });
  const restore: Controller<JtelRestore> = new Controller<JtelRestore>({
    ...common,
    name: 'restore',
    store: caches.restores,
    workers: restoreWorkers,
    isSlow: waitsForHost(caches.stacks, isAway),
    isUnfinished: isAtWork,
    quarantine: new Quarantine({ ...aside, kind: restoreKind, store: caches.restores }),
    wakes: [
      watching(caches.stacks, ({ metadata }) => toWake(`${metadata.namespace}/${metadata.name}`)),
      watching(caches.backups, ({ metadata, spec }) => toWake(`${metadata.namespace}/${spec.stackRef.name}`)),
      ...testsOfDrills(caches),
    ],
    reconciler: restoreReconciler({
      ...parts,
      credentials,
      restoresOf,
      fleet: parts.whole ?? caches,
      activities: restoreActivities,
      claims: new HostClaims(),
    }),
  });
  const identitiesOf = ({ metadata }: JtelBackupStore): readonly string[] =>
    stacksOfStore
      .get(`${metadata.namespace}/${metadata.name}`)
      .filter(({ spec }) => spec.backup?.storeRef.name === metadata.name)
      .map(stackIdentity);
  const store = new Controller<JtelBackupStore>({
    ...common,
    name: 'store',
    store: caches.stores,
    workers: storeWorkers,
    wakes: [watching(caches.backups, storeToCount)],
    quarantine: new Quarantine({ ...aside, kind: storeKind, store: caches.stores }),
    reconciler: storeReconciler({
      cluster,
      events,
      clock,
      random,
      signing,
      identitiesOf,
      open: (one, context) => parts.openBlobs(looking, one, context),
      ...optional({ releaseKey: parts.releases.statedKey }),
    }),
  });
  const secretWatches = new SecretWatches(parts.secretVersions);
  const unfollow = [
    secretWatches.follow(caches.stacks, 'stack', (key, afterSeconds) => {
      stackLooks.tryAgain(key);
      stack.wake(key, afterSeconds);
    }),
    secretWatches.follow(caches.stores, 'store', (key, afterSeconds) => store.wake(key, afterSeconds)),
  ];
  try {
    await Promise.all([
      runBackupControllers(parts, { claims, credentials, signing, isAway, common, aside }, signal),
      runChannels(parts, { common, aside }, signal),
      runDrills(parts, { common, aside }, signal),
      stack.run(signal),
      restore.run(signal),
      store.run(signal),
    ]);
  } finally {
    for (const stop of unfollow) stop();
    secretWatches.close();
    watcher.close();
    await restoreActivities.close();
    await activities.close();
  }
}

interface SharedParts {
  readonly claims: HostClaims;
  readonly credentials: CredentialStore;
  readonly signing: SigningKeys;
  readonly isAway: (stack: JtelStack) => boolean;
  readonly common: {
    readonly logger: Logger;
    readonly reads: ReadMetadata;
    readonly metrics?: RuntimeMetrics;
    readonly queue?: QueueOptions;
    readonly unexpected?: UnexpectedErrors;
  };
  readonly aside: Omit<ConstructorParameters<typeof Quarantine>[0], 'kind' | 'store'>;
}

/** Runs until the signal aborts and everything that was started has ended. */
async function runBackupControllers(
  parts: ControllerParts,
  { claims, credentials, signing, isAway, common, aside }: SharedParts,
  signal: AbortSignal,
): Promise<void> {
  const { caches } = parts;
  const activities = new Activities<never>({ enqueue: (key) => backup.enqueue(key), ...common });
  const ofStack = ({ metadata, spec }: JtelBackup | JtelRestore): readonly string[] => [
    `${metadata.namespace}/${spec.stackRef.name}`,
  ];
  const unfinishedOfStack = caches.backups.index((one) => (isFinished(one) ? [] : ofStack(one)));
  const waitingFor = (namespace: string, stackName: string): readonly ObjectKey[] =>
    unfinishedOfStack.get(`${namespace}/${stackName}`).map(keyOfMetadata);
  const places = new Places({
    bounds: parts.backupBounds ?? defaultBounds,
    unfinished: caches.backups.index((one) => (isFinished(one) ? [] : [''])),
    stackOf: (key) => caches.stacks.get(key),
    wake: (key) => backup.enqueue(key),
  });
  const unfollow = caches.backups.onChange((change) => places.changed(change));
  const looking = clusterForStacks(parts);
  const backup: Controller<JtelBackup> = new Controller<JtelBackup>({
    ...common,
    name: 'backup',
    store: caches.backups,
    workers: backupWorkers,
    isSlow: waitsForHost(caches.stacks, isAway),
    isUnfinished: isAtWork,
    quarantine: new Quarantine({ ...aside, kind: backupKind, store: caches.backups }),
    wakes: [
      // A finished backup lets the next begin.
      watching(caches.backups, (one) =>
        isFinished(one) ? waitingFor(one.metadata.namespace, one.spec.stackRef.name) : [],
      ),
      watching(caches.stacks, ({ metadata }) => waitingFor(metadata.namespace, metadata.name), {
        matters: waitingBackupMatters,
      }),
      // A finished test restore decides its backup.
      watching(caches.restores, ({ metadata }) =>
        (metadata.ownerReferences ?? [])
          .filter(({ kind }) => kind === 'JtelBackup')
          .map(({ name }) => ({ namespace: metadata.namespace, name })),
      ),
    ],
    reconciler: backupReconciler({
      ...parts,
      places,
      known: { cluster: looking, credentials: new CredentialStore(looking) },
      claims,
      credentials,
      signing,
      activities,
      limits: { ...defaultLimits, ...parts.backupLimits },
    }),
  });
  const [backupsOfStack, restoresOfStack] = [caches.backups.index(ofStack), caches.restores.index(ofStack)];
  const id = ({ metadata }: JtelStack): string => `${metadata.namespace}/${metadata.name}`;
  const schedule = new Controller<JtelStack>({
    ...common,
    name: 'schedule',
    store: caches.stacks,
    quarantine: new Quarantine({ ...aside, ...scheduleAside, kind: stackKind, store: caches.stacks }),
    workers: scheduleWorkers,
    // With one more finished, there may be one too many.
    wakes: [
      watching(caches.backups, (one) =>
        isFinished(one) ? [{ namespace: one.metadata.namespace, name: one.spec.stackRef.name }] : [],
      ),
    ],
    reconciler: new ScheduleReconciler({
      ...parts,
      cluster: clusterForSchedules(parts),
      pods: parts.schedulePods,
      namespaces: parts.namespaces ?? 'All',
      backupsOf: (stack): readonly JtelBackup[] => backupsOfStack.get(id(stack)),
      restoresOf: (stack): readonly JtelRestore[] => restoresOfStack.get(id(stack)),
    }),
  });
  try {
    await Promise.all([backup.run(signal), schedule.run(signal)]);
  } finally {
    unfollow();
    await activities.close();
  }
}
