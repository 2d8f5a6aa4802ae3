/**
 * One look at one JtelRestore: read, observe, plan, tell, and do the next thing. Mode Execute only checks, asks for a backup
 * and gives the order, which the stack's own controller carries out: one writer per host. Mode Test works in a scratch project
 * of its own, as an activity beside the workers.
 */

import {
  backupKind,
  labels,
  madeByOperator,
  restoreFinalizer,
  restoreKind,
  type JtelBackup,
  type JtelRestore,
  type JtelRestoreStatus,
} from '../../crds/index.ts';
import type { Host } from '../../host-driver/host.ts';
import { isAlreadyExists } from '../../runtime/client/api-error.ts';
import type { Cluster } from '../../runtime/client/cluster.ts';
import type { Activities } from '../../runtime/control/activities.ts';
import { pauseSeconds } from '../../runtime/control/back-off.ts';
import { addFinalizer, finalizerStep, removeFinalizer } from '../../runtime/control/finalizer.ts';
import type { ReconcileContext, Reconciler, ReconcileResult } from '../../runtime/control/reconciler.ts';
import { LeadershipLost } from '../../runtime/errors.ts';
import { formatKey, type ObjectKey } from '../../runtime/objects.ts';
import type { EventRecorder } from '../../runtime/report/event-recorder.ts';
import { statusChanged } from '../../runtime/report/status-changed.ts';
import type { HostClaims } from '../hosts/claims.ts';
import { failureOf } from '../inputs/outcome.ts';
import { afterRestoreWave } from '../times/pauses.ts';
import type { Plan } from './model.ts';
import { observe, type Gathered, type ObserveDependencies } from './observe.ts';
import { plan } from './plan.ts';
import { execute, scratchProject, type ScratchDependencies } from './scratch.ts';
import { isOver, summarise } from './status.ts';

export interface RestoreReconcilerOptions extends ObserveDependencies, ScratchDependencies {
  readonly cluster: Cluster;
  readonly activities: Activities<string>;
  readonly events: EventRecorder;
  readonly clusterID: string;
  /** Of scratch projects: their owners are requests, so they never meet those of stacks. */
  readonly claims: HostClaims;
  readonly mayAct: () => boolean;
  readonly clock: () => Date;
}

export class RestoreReconciler implements Reconciler {
  readonly #options: RestoreReconcilerOptions;
  /** Why the last wave failed, by uid. Losing it costs an early retry. */
  readonly #failures = new Map<string, { readonly message: string; readonly retryTime: number }>();

  constructor(options: RestoreReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(key: ObjectKey, context: ReconcileContext): Promise<ReconcileResult | void> {
    const { cluster, activities, clock } = this.#options;
    const found = await cluster.find(restoreKind, key, context);
    if (found === undefined) return activities.forget(key);
    const restore = await this.#withFinalizer(found, context);
    if (isOver(restore) && restore.metadata.deletionTimestamp === undefined)
      return await this.#letGo(restore, context);
    const { uid } = restore.metadata;
    this.#takeOutcome(key, uid);
    const running = activities.get(key);
    if (running !== undefined && restore.metadata.deletionTimestamp !== undefined)
      activities.abort(key, 'the restore was deleted');
    const gathered = await observe(restore, this.#options, context);
    const now = clock();
    const planned = plan({ restore, observed: gathered.observed, now });
    if (planned.kind === 'LetGo') return await this.#letGo(restore, context);
    const failure = this.#failures.get(uid);
    const paused = failure !== undefined && failure.retryTime > now.getTime();
    const message = running?.progress ?? (paused && planned.kind === 'Act' ? failure.message : undefined);
    const written = await this.#tell(restore, gathered, planned, message, now, context);
    if (isOver(written)) return await this.#letGo(written, context);
    if (planned.kind === 'CreateBackup') await this.#createBackup(written, planned.name, context);
    if (planned.kind === 'Act' && running === undefined && !paused)
      this.#start(key, written, gathered, planned);
    return { requeueAfterSeconds: nextLook(planned, running !== undefined) };
  }

  /** Only a test leaves something behind that must be removed. */
  async #withFinalizer(restore: JtelRestore, context: ReconcileContext): Promise<JtelRestore> {
    if (restore.spec.mode !== 'Test' || isOver(restore) || finalizerStep(restore, restoreFinalizer) !== 'Add')
      return restore;
    return await addFinalizer(this.#options.cluster, restoreKind, restore, restoreFinalizer, context);
  }

  async #letGo(restore: JtelRestore, context: ReconcileContext): Promise<void> {
    this.#failures.delete(restore.metadata.uid);
    this.#options.claims.forget(restore.metadata.uid);
    if (restore.metadata.finalizers?.includes(restoreFinalizer) === true)
      await removeFinalizer(this.#options.cluster, restoreKind, restore, restoreFinalizer, context);
  }

  #takeOutcome(key: ObjectKey, uid: string): void {
    const outcome = this.#options.activities.take(key);
    if (outcome === undefined) return;
    if (outcome.result !== 'Failed') this.#failures.delete(uid);
    else {
      const { message, reason } = failureOf(outcome.error);
      const pause = pauseSeconds(afterRestoreWave, 1);
      this.#failures.set(uid, { message, retryTime: this.#options.clock().getTime() + pause * 1000 });
      if (reason === 'Fenced') this.#options.claims.forget(uid);
    }
  }

  /** Locked on what was read: two processes never give one order twice, nor end a restore in two ways. */
  async #tell(
    restore: JtelRestore,
    { observed }: Gathered,
    planned: Plan,
    message: string | undefined,
    now: Date,
    context: ReconcileContext,
  ): Promise<JtelRestore> {
    const status: JtelRestoreStatus = summarise({
      restore,
      observed,
      plan: planned,
      now,
      ...(message === undefined ? {} : { message }),
    });
    if (!statusChanged(restore.status, status)) return restore;
    const { namespace, name, uid, resourceVersion } = restore.metadata;
    const written = await this.#options.cluster.applyStatus(
      restoreKind,
      { namespace, name },
      status,
      { uid, resourceVersion },
      context,
    );
    if (restore.status?.phase !== status.phase && (planned.kind === 'Complete' || planned.kind === 'Fail')) {
      const type = planned.kind === 'Complete' ? 'Normal' : 'Warning';
      this.#options.events.record(restoreKind, written, {
        type,
        reason: planned.reason,
        note: status.message ?? '',
        action: restore.spec.mode,
      });
    }
    if (planned.kind === 'Wait' && planned.trouble === true && restore.status?.message !== status.message) {
      this.#options.events.record(restoreKind, written, {
        type: 'Warning',
        reason: planned.reason,
        note: planned.message,
        action: restore.spec.mode,
      });
    }
    return written;
  }

  async #createBackup(
    { metadata, spec }: JtelRestore,
    name: string,
    context: ReconcileContext,
  ): Promise<void> {
    const backup = {
      apiVersion: 'jtel.de/v1alpha1',
      kind: 'JtelBackup',
      metadata: {
        namespace: metadata.namespace,
        name,
        labels: { [labels.stack]: spec.stackRef.name, ...madeByOperator },
      },
      spec: { stackRef: spec.stackRef, trigger: 'PreRestore', verify: 'Checksum' },
    } as unknown as JtelBackup;
    try {
      await this.#options.cluster.create(backupKind, backup, context);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }

  #start(
    key: ObjectKey,
    restore: JtelRestore,
    { observed, host }: Gathered,
    planned: Extract<Plan, { kind: 'Act' }>,
  ): void {
    const { activities, claims, clusterID, mayAct } = this.#options;
    const { scratch } = observed;
    if (host === undefined || scratch?.host.ok !== true) return;
    if (!mayAct())
      throw new LeadershipLost(
        `not starting a test of ${formatKey(key)}: this process is no longer the leader`,
      );
    const { namespace, name, uid } = restore.metadata;
    const owner = { clusterID, namespace, name, uid };
    const { facts, state } = scratch.host.value;
    const epoch = claims.held(uid, facts.machineID) ?? claims.next(uid, { host: state?.epoch });
    const claim = async (target: Host, signal: AbortSignal): Promise<void> => {
      if (claims.held(uid, facts.machineID) !== undefined && state !== undefined) return;
      await target.claim(scratchProject(restore), { owner, epoch }, signal);
      claims.claimed(uid, facts.machineID, epoch);
    };
    activities.start(key, planned.message, async (progress, signal) => {
      for (const action of planned.wave) {
        signal.throwIfAborted();
        if (!mayAct()) throw new LeadershipLost('no longer the leader');
        await execute(action, {
          restore,
          observed,
          place: scratch.place,
          host,
          dependencies: this.#options,
          claim: () => claim(host, signal),
          fence: () => ({ owner, epoch }),
          progress,
          signal,
        });
      }
    });
  }
}

function nextLook(planned: Plan, busy: boolean): number {
  if (busy) return 10;
  if (planned.kind === 'Wait') return planned.afterSeconds;
  return 2;
}
