/**
 * The backup controller: from a JtelBackup to a manifest in a store.
 *
 * Flow:
 *  1. Pending: wait until its turn has come and nothing is in the way; then fix the backupID, and with it every name in the store (`Begin`)
 *  2. Running: claim the host, pull the toolbox, start the job; follow it, and try again after a failure
 *  3. Verifying: compare the store with the job's result, write the manifest, try to destroy it; ask for a test restore
 *  4. Completed or Failed: remove the job from the host, then the finalizer
 *
 * Guarantees:
 *  - A backup exists when its manifest does, and everything was compared before that.
 *  - A try that was interrupted at any point is found again by its job's uid, or by what it stored; nothing is stored twice.
 *  - No more begin than may run at the same time, per store, of a namespace and in all (`places/`); those of an operation do not wait.
 *  - Once its stack is being deleted, it starts no job any more and ends, whether the host answers or not; the stack waits for that.
 *  - One backup of a stack runs at a time, and none beside a load, an update or a move of it.
 *  - `Completed` in a store that demands immutability means that an attempt to destroy the manifest was refused.
 *
 * Assumptions:
 *  - A job's uid is unique for a try, and the host runs a uid once.
 *  - What a host says may be a lie: the job's result is checked like any other input, and against the store.
 *
 * Caveats:
 *  - A host that does not answer keeps the object, and its finalizer, until it does or somebody abandons it.
 *  - Who comes first, and what the store has, is read only when nothing else is in the way. So a status that names one
 *    obstacle may hide another.
 *  - What a wave found in the store is in memory until the next status; a process that dies between compares again.
 */

import { randomBytes } from 'node:crypto';
import { backupIDAt } from '../../backup-format/names.ts';
import { FormatError } from '../../backup-format/schema.ts';
import { backupFinalizer, backupKind, type JtelBackup, type JtelBackupStatus } from '../../crds/index.ts';
import type { ImageReference, StackOwner } from '../../host-driver/host.ts';
import type { Cluster } from '../../runtime/client/cluster.ts';
import type { Activities } from '../../runtime/control/activities.ts';
import type { Reconciler } from '../../runtime/control/reconciler.ts';
import {
  WaveController,
  type Look,
  type PlannedLook,
  type WaveContext,
  type WaveOptions,
  type WaveTypes,
} from '../../runtime/control/wave-controller.ts';
import { pauseWhileAway } from '../hosts/away.ts';
import type { HostClaims } from '../hosts/claims.ts';
import { failureOf, type Problem } from '../inputs/outcome.ts';
import { afterBackupWave, waveSpread } from '../times/pauses.ts';
import type { Committed } from './act/commit.ts';
import { execute } from './act/execute.ts';
import type { Limits } from './desired/limits.ts';
import { isFinished } from './desired/request.ts';
import { observe, observeBeginning, type Gathered, type ObserveDependencies } from './observe/observe.ts';
import type { Action, Plan } from './plan/actions.ts';
import { mayBegin, plan } from './plan/plan.ts';
import { backupEvents } from './report/events.ts';
import { describeImmutability } from './report/sentences.ts';
import { operationHeartbeat, summarise } from './report/status.ts';
import type { SigningKeys } from '../stores/signing-keys.ts';
import { optional } from '../../base/optional.ts';

export interface BackupReconcilerOptions extends ObserveDependencies, WaveOptions {
  readonly cluster: Cluster;
  readonly toolbox: ImageReference;
  readonly activities: Activities<never>;
  readonly clusterID: string;
  readonly claims: HostClaims;
  readonly signing: SigningKeys;
  readonly limits: Limits;
  /** Whether this process is still the leader, by its own clock; asked before each wave. */
  readonly mayAct: () => boolean;
}

interface BackupTypes extends WaveTypes {
  readonly object: JtelBackup;
  readonly seen: Gathered;
  readonly plan: Plan;
  /** ID of a backup that begins. */
  readonly found: string;
  readonly action: Action;
  readonly progress: never;
  readonly failure: Problem;
  readonly notes: {
    /** What the last wave found in the store, until the status has it. Losing it costs a comparison that is made again. */
    readonly committed: Committed;
  };
}

const busySeconds = 15;

export function backupReconciler(options: BackupReconcilerOptions): Reconciler {
  const waves = waveController(options);
  return {
    reconcile: async (key, context) => {
      try {
        return await waves.reconcile(key, context);
      } catch (error) {
        // It may fail for ever, so it must not keep the place that it was given for this look.
        options.places.failed(key);
        throw error;
      }
    },
  };
}

function waveController(options: BackupReconcilerOptions): WaveController<BackupTypes> {
  return new WaveController<BackupTypes>(
    {
      kind: backupKind,
      finalizer: { name: backupFinalizer, isDue: (_, planned) => planned?.kind === 'Begin' },
      isOver: (backup) =>
        isFinished(backup) && backup.metadata.finalizers?.includes(backupFinalizer) !== true,
      observe: async ({ object, now }, context) => {
        const seen = await observe(object, options, context, now);
        return mayBegin(object, seen.observed)
          ? await observeBeginning(object, seen, options, context)
          : seen;
      },
      plan: (look, gathered) => planFor(look, gathered, options),
      startsAfresh: ({ kind }) => kind === 'TryAgain',
      within: ({ now }) => Promise.resolve(backupIDAt(now, randomBytes(3).toString('hex'))),
      summarise: ({ object: backup, seen, plan: planned, memory, found: newBackupID, now }) => {
        const committed = uncommitted(backup, memory);
        return summarise({
          backup,
          observed: seen.observed,
          plan: planned,
          ...(memory.failure === undefined || planned.kind !== 'Act'
            ? {}
            : { message: memory.failure.message }),
          ...optional({ committed }),
          identity: seen.identity,
          newBackupID,
          now,
        });
      },
      heartbeats: [operationHeartbeat],
      isLocked: isTransition,
      events: ({ object, plan: planned, seen }, status) =>
        backupEvents(object.status, status, planned, seen.observed).map((event) => ({ ...event, action })),
      after: ({ object, plan: planned }) => {
        if (planned.kind !== 'Begin') options.places.giveBack(object);
        return Promise.resolve(undefined);
      },
      nextLook,
      waves: {
        activities: options.activities,
        mayAct: options.mayAct,
        waveOf: (planned) => (planned.kind === 'Act' ? planned : undefined),
        abandon: (_, __, ___, planned) =>
          planned?.kind === 'Wait' && planned.reason === 'Deleting'
            ? 'the stack is being deleted'
            : undefined,
        execute: (step, wave) => act(step, wave, options),
        failureOf: backupFailureOf,
        failed: (_, { reason, message }) => [{ type: 'Warning', reason, action, note: message }],
        pauses: { backOff: afterBackupWave, spread: waveSpread },
      },
    },
    options,
  );
}

/** Of events. */
const action = 'Backup';

function planFor(
  { object: backup, memory, running, now }: Look<BackupTypes>,
  { observed }: Gathered,
  { clusterID, claims, limits }: BackupReconcilerOptions,
): Plan {
  const { stack, host } = observed;
  const heldEpoch =
    stack === undefined || !host.ok ? undefined : claims.held(stack.metadata.uid, host.value.facts.machineID);
  // What the last wave found counts from now on, and is written with this look.
  const committed = uncommitted(backup, memory);
  return plan({
    backup:
      committed === undefined
        ? backup
        : { ...backup, status: { ...backup.status, ...committedFacts(committed) } },
    observed,
    identity: { clusterID, ...optional({ heldEpoch }) },
    limits,
    ...optional({ failure: memory.failure }),
    isBusy: running !== undefined,
    now,
  });
}

/** What was found in the store and does not stand in the status yet. */
function uncommitted({ status }: JtelBackup, { notes }: Look<BackupTypes>['memory']): Committed | undefined {
  return status?.manifestDigest === undefined ? notes.committed : undefined;
}

function committedFacts({ manifestDigest, signingKeyID, immutability }: Committed): JtelBackupStatus {
  return {
    phase: 'Verifying',
    manifestDigest,
    signingKeyID,
    immutability: { state: immutability.state, message: describeImmutability(immutability.facts) },
  };
}

async function act(
  step: Action,
  { look, note, signal }: WaveContext<BackupTypes>,
  options: BackupReconcilerOptions,
): Promise<void> {
  const { claims } = options;
  const { object: backup, seen: gathered } = look;
  await execute(step, {
    ...options,
    backup,
    gathered,
    claim: async (host) => {
      const { owner, machineID, hostEpoch, stackEpoch } = placeOf(gathered, options);
      const epoch = claims.next(owner.uid, { host: hostEpoch, status: stackEpoch });
      await claims.claim(host, gathered.project, { owner, epoch }, machineID, signal);
    },
    fence: () => {
      const { owner, machineID } = placeOf(gathered, options);
      return claims.fence(owner, machineID);
    },
    committed: (committed) => note({ committed }),
    now: options.clock,
    signal,
  });
}

function placeOf({ observed }: Gathered, { clusterID }: BackupReconcilerOptions) {
  if (observed.stack === undefined || !observed.host.ok)
    throw new Error('planned an action on a host that was not observed');
  const { namespace, name, uid } = observed.stack.metadata;
  const { facts, state } = observed.host.value;
  const owner: StackOwner = { clusterID, namespace, name, uid };
  return {
    machineID: facts.machineID,
    owner,
    hostEpoch: state?.epoch,
    stackEpoch: observed.stack.status?.operation?.epoch,
  };
}

function nextLook({ plan: planned, object, seen, now }: PlannedLook<BackupTypes>, isBusy: boolean): number {
  if (isBusy) return busySeconds;
  if (planned.kind !== 'Wait') return 0;
  const { host, stack } = seen.observed;
  // The stack's controller tries as often, and wakes this one when the host is back.
  const awayPause = stack === undefined || host.ok ? undefined : pauseWhileAway(host.reason, stack, now);
  if (awayPause !== undefined) return Math.max(planned.afterSeconds, awayPause);
  if (planned.reason !== 'BackupRunning') return planned.afterSeconds;
  // A short backup is followed closely; one of an hour need not be written about every few seconds.
  const age = (now.getTime() - Date.parse(object.status?.operation?.startTime ?? '')) / 1000;
  return Math.min(20, Math.max(2, age / 12)) || planned.afterSeconds;
}

/** The phase changes, or a try begins. */
function isTransition({ kind }: Plan): boolean {
  return kind !== 'Act' && kind !== 'Wait' && kind !== 'Done';
}

function backupFailureOf(error: unknown): Problem {
  // What a job says of itself and cannot be: it did not do what it says.
  if (error instanceof FormatError) return { reason: 'BackupIncomplete', message: `${error.message}.` };
  return failureOf(error);
}
