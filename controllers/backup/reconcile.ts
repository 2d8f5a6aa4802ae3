/**
 * One look at one backup: read, observe, plan, tell, and start the next wave if one is due. Long work runs beside the
 * workers; what matters about it stands in the status, on the host and in the store, so any process can go on with it.
 */

import { randomBytes } from 'node:crypto';
import { backupIDAt } from '../../backup-format/names.ts';
import { FormatError } from '../../backup-format/fields.ts';
import { backupFinalizer, backupKind, type JtelBackup, type JtelBackupStatus } from '../../crds/index.ts';
import { HostError, type Fence, type Host, type ImageReference } from '../../host-driver/host.ts';
import type { Cluster } from '../../runtime/client/cluster.ts';
import type { Activities } from '../../runtime/control/activities.ts';
import { pauseSeconds, spread } from '../../runtime/control/back-off.ts';
import { addFinalizer } from '../../runtime/control/finalizer.ts';
import type { ReconcileContext, Reconciler, ReconcileResult } from '../../runtime/control/reconciler.ts';
import { LeadershipLost } from '../../runtime/errors.ts';
import { formatKey, type ObjectKey } from '../../runtime/objects.ts';
import type { EventRecorder } from '../../runtime/report/event-recorder.ts';
import type { Logger } from '../../runtime/report/logger.ts';
import { statusChanged } from '../../runtime/report/status-changed.ts';
import type { HostClaims } from '../hosts/claims.ts';
import { failureOf, type Problem } from '../inputs/outcome.ts';
import { afterBackupWave, waveSpread } from '../times/pauses.ts';
import { backupEvents } from './events.ts';
import { execute } from './execute.ts';
import type { Committed, Limits, Plan } from './model.ts';
import { observe, type Gathered, type ObserveDependencies } from './observe.ts';
import { isFinished, plan } from './plan.ts';
import { operationHeartbeat, summarise } from './status.ts';

export interface BackupReconcilerOptions extends ObserveDependencies {
  readonly cluster: Cluster;
  readonly toolbox: ImageReference;
  readonly activities: Activities<never>;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly clusterID: string;
  readonly claims: HostClaims;
  readonly limits: Limits;
  /** Whether this process is still the leader, by its own clock; asked before each wave. */
  readonly mayAct: () => boolean;
  readonly clock: () => Date;
  /** 0…1 */
  readonly random: () => number;
}

/** What this process remembers of a backup: losing it costs an early retry, or a comparison that is made again. */
interface Entry {
  readonly uid: string;
  readonly failures: number;
  readonly failure?: Problem;
  /** Unix milliseconds. */
  readonly retryTime?: number;
  readonly committed?: Committed;
}

const busySeconds = 15;

export class BackupReconciler implements Reconciler {
  readonly #options: BackupReconcilerOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: BackupReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(key: ObjectKey, context: ReconcileContext): Promise<ReconcileResult | void> {
    const { cluster, activities, clock } = this.#options;
    const backup = await cluster.find(backupKind, key, context);
    const finalized = backup?.metadata.finalizers?.includes(backupFinalizer) ?? false;
    if (
      backup === undefined ||
      (!finalized && (isFinished(backup) || backup.metadata.deletionTimestamp !== undefined))
    ) {
      activities.forget(key);
      this.#entries.delete(formatKey(key));
      return;
    }
    const entry = this.#takeOutcome(key, backup);
    const running = activities.get(key) !== undefined;
    const gathered = await observe(backup, this.#options, context);
    const now = clock();
    const planned = this.#plan(backup, gathered, entry, now);
    const waits = (entry.retryTime ?? 0) > now.getTime();
    const due = planned.kind === 'Act' && !running && !waits;
    const written = await this.#tell(
      { key, backup, gathered, planned, entry, locked: due || isTransition(planned), now },
      context,
    );
    if (due) this.#start(key, written, gathered, planned, context.logger);
    return { requeueAfterSeconds: this.#nextLook(planned, backup, entry, running || due, now) };
  }

  #plan(backup: JtelBackup, gathered: Gathered, entry: Entry, now: Date): Plan {
    const { stack, host } = gathered.observed;
    const { clusterID, claims, limits } = this.#options;
    const heldEpoch =
      stack === undefined || !host.ok
        ? undefined
        : claims.held(stack.metadata.uid, host.value.facts.machineID);
    const identity = { clusterID, ...(heldEpoch === undefined ? {} : { heldEpoch }) };
    // What the last wave found counts from now on, and is written with this look.
    const known =
      entry.committed === undefined || backup.status?.manifestDigest !== undefined
        ? backup
        : { ...backup, status: { ...backup.status, ...committedFacts(entry.committed) } };
    return plan({
      backup: known,
      observed: gathered.observed,
      identity,
      limits,
      ...(entry.failure === undefined ? {} : { failure: entry.failure }),
      now,
    });
  }

  #takeOutcome(key: ObjectKey, backup: JtelBackup): Entry {
    const id = formatKey(key);
    const { uid } = backup.metadata;
    const remembered = this.#entries.get(id);
    let entry: Entry = remembered?.uid === uid ? remembered : { uid, failures: 0 };
    const outcome = this.#options.activities.take(key);
    if (outcome?.result === 'Succeeded')
      entry = { uid, failures: 0, ...(entry.committed === undefined ? {} : { committed: entry.committed }) };
    if (outcome?.result === 'Failed') entry = this.#afterFailure(backup, entry, outcome.error);
    this.#entries.set(id, entry);
    return entry;
  }

  #afterFailure(backup: JtelBackup, entry: Entry, error: unknown): Entry {
    const failure = failureOfBackup(error);
    this.#options.events.record(backupKind, backup, {
      type: 'Warning',
      reason: failure.reason,
      action: 'Backup',
      note: failure.message,
    });
    const failures = entry.failures + 1;
    const pause = spread(pauseSeconds(afterBackupWave, failures), waveSpread, this.#options.random);
    return {
      uid: entry.uid,
      failures,
      failure,
      retryTime: this.#options.clock().getTime() + pause * 1000,
    };
  }

  /** Writes the status if it changed. Before a wave, and where the phase changes, the write is locked on what was read. */
  async #tell(
    look: {
      readonly key: ObjectKey;
      readonly backup: JtelBackup;
      readonly gathered: Gathered;
      readonly planned: Plan;
      readonly entry: Entry;
      readonly locked: boolean;
      readonly now: Date;
    },
    context: ReconcileContext,
  ): Promise<JtelBackup> {
    const { key, gathered, planned, entry, now } = look;
    const { cluster, events } = this.#options;
    const begins =
      planned.kind === 'Begin' && !(look.backup.metadata.finalizers ?? []).includes(backupFinalizer);
    const backup = begins
      ? await addFinalizer(cluster, backupKind, look.backup, backupFinalizer, context)
      : look.backup;
    const status: JtelBackupStatus = summarise({
      backup,
      observed: gathered.observed,
      plan: planned,
      ...(entry.failure === undefined || planned.kind !== 'Act' ? {} : { message: entry.failure.message }),
      ...(entry.committed === undefined || backup.status?.manifestDigest !== undefined
        ? {}
        : { committed: entry.committed }),
      identity: gathered.identity,
      newBackupID: backupIDAt(now, randomBytes(3).toString('hex')),
      now,
    });
    if (!statusChanged(backup.status, status, [operationHeartbeat])) return backup;
    const { uid, resourceVersion } = backup.metadata;
    const written = await cluster.applyStatus(
      backupKind,
      key,
      status,
      look.locked ? { uid, resourceVersion } : { uid },
      context,
    );
    if (planned.kind === 'TryAgain') this.#entries.delete(formatKey(key));
    for (const event of backupEvents(backup.status, status, planned, gathered.observed))
      events.record(backupKind, backup, { ...event, action: 'Backup' });
    return written;
  }

  #start(key: ObjectKey, backup: JtelBackup, gathered: Gathered, planned: Plan, logger: Logger): void {
    if (planned.kind !== 'Act') return;
    const { activities, mayAct } = this.#options;
    if (!mayAct())
      throw new LeadershipLost(
        `not starting ${planned.step} of ${formatKey(key)}: this process is no longer the leader`,
      );
    activities.start(key, planned.step, async (_progress, signal) => {
      for (const action of planned.wave) {
        signal.throwIfAborted();
        if (!mayAct()) throw new LeadershipLost('no longer the leader');
        logger.info('action started', { action: action.type });
        const start = performance.now();
        await execute(action, {
          ...this.#options,
          backup,
          gathered,
          claim: (host) => this.#claim(host, gathered, signal),
          fence: () => this.#fence(gathered),
          committed: (committed) =>
            this.#entries.set(formatKey(key), { uid: backup.metadata.uid, failures: 0, committed }),
          now: this.#options.clock,
          signal,
        });
        logger.info('action done', { action: action.type, seconds: (performance.now() - start) / 1000 });
      }
    });
  }

  async #claim(host: Host, gathered: Gathered, signal: AbortSignal): Promise<void> {
    const { claims } = this.#options;
    const { machineID, uid, owner, stackEpoch, hostEpoch } = this.#place(gathered);
    const epoch = claims.next(uid, { host: hostEpoch, status: stackEpoch });
    await host.claim(gathered.project, { owner, epoch }, signal);
    claims.claimed(uid, machineID, epoch);
  }

  #fence(gathered: Gathered): Fence {
    const { machineID, uid, owner } = this.#place(gathered);
    const epoch = this.#options.claims.held(uid, machineID);
    if (epoch === undefined)
      throw new HostError(
        'Fenced',
        machineID,
        `the host of ${owner.namespace}/${owner.name} is no longer held by this process; it is claimed again`,
      );
    return { owner, epoch };
  }

  #place({ observed }: Gathered) {
    if (observed.stack === undefined || !observed.host.ok)
      throw new Error('planned an action on a host that was not observed');
    const { namespace, name, uid } = observed.stack.metadata;
    const { facts, state } = observed.host.value;
    const owner = { clusterID: this.#options.clusterID, namespace, name, uid };
    return {
      machineID: facts.machineID,
      uid,
      owner,
      hostEpoch: state?.epoch,
      stackEpoch: observed.stack.status?.operation?.epoch,
    };
  }

  #nextLook(planned: Plan, backup: JtelBackup, { retryTime = 0 }: Entry, busy: boolean, now: Date): number {
    if (busy) return busySeconds;
    if (isTransition(planned)) return 0;
    if (planned.kind === 'Act') return Math.max(0.5, (retryTime - now.getTime()) / 1000);
    if (planned.kind !== 'Wait') return 0;
    if (planned.reason !== 'BackupRunning') return planned.afterSeconds;
    // A short backup is followed closely; one of an hour need not be written about every few seconds.
    const age = (now.getTime() - Date.parse(backup.status?.operation?.startTime ?? '')) / 1000;
    return Math.min(20, Math.max(2, age / 12)) || planned.afterSeconds;
  }
}

function isTransition({ kind }: Plan): boolean {
  return (
    kind === 'Begin' || kind === 'TryAgain' || kind === 'Complete' || kind === 'Repeated' || kind === 'Fail'
  );
}

function committedFacts({ manifestDigest, immutability }: Committed): JtelBackupStatus {
  return {
    phase: 'Verifying',
    manifestDigest,
    immutability: { state: immutability.state, message: immutability.detail },
  };
}

function failureOfBackup(error: unknown): Problem {
  // What a job says of itself and cannot be: it did not do what it says.
  if (error instanceof FormatError) return { reason: 'BackupIncomplete', message: `${error.message}.` };
  return failureOf(error);
}
