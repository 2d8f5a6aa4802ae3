/**
 * The schedule controller: it asks for the backups of a stack that are due, and deletes old JtelBackup objects. If the operator was
 * told to, it keeps a CronJob for each stack, and asks only for what the CronJob missed.
 *
 * Flow: delete surplus objects; apply the CronJob if it changed, or remove the one of former times; ask for the backup that is due
 * and that nobody asked for.
 *
 * Guarantees:
 *  - A due backup is asked for once: its name is made of its time, whoever asks.
 *  - It never touches a host or a store. What a deleted object stored stays.
 *  - It deletes only objects that nobody but the operator writes.
 *
 * Assumptions:
 *  - Pods of a CronJob create the JtelBackup within two minutes; after that this controller does.
 *
 * Caveats:
 *  - It has no status, no finalizer and no wave, so it does not use the skeleton of the other controllers.
 *  - A schedule that cannot be computed is told in the stack's condition BackupHealthy, not here.
 */
import {
  backupKind,
  labels,
  stackKind,
  type JtelBackup,
  type JtelRestore,
  type JtelStack,
  type StackConditionType,
} from '../../crds/index.ts';
import { isConflict, isForbidden } from '../../runtime/client/api-error.ts';
import type { Cluster } from '../../runtime/client/cluster.ts';
import { cronJobs } from '../../runtime/client/kinds.ts';
import { optional } from '../../base/optional.ts';
import { spread } from '../../base/back-off.ts';
import type { ReconcileContext, Reconciler, ReconcileResult } from '../../runtime/control/reconciler.ts';
import { formatKey, keyOf, type ObjectKey } from '../../runtime/objects.ts';
import { InputError } from '../inputs/input-error.ts';
import { askForBackup } from '../stores/ask-for-backup.ts';
import { resyncSpread } from '../times/pauses.ts';
import type { Schedule } from '../times/schedule-times.ts';
import { isScheduled, scheduleOf } from '../times/stack-schedule.ts';
import {
  cronJob,
  cronJobName,
  digestAnnotation,
  isMadeFor,
  madeByOperator,
  type Made,
  type SchedulePods,
} from './desired/cron-job.ts';
import { missedBackup } from './plan/catch-up.ts';
import { isKeptByOthers, surplusBackups } from './plan/prune.ts';

export interface ScheduleReconcilerOptions {
  readonly cluster: Cluster;
  /** Undefined: no CronJobs; the operator asks for each backup itself, and removes those that it made before. */
  readonly pods: SchedulePods | undefined;
  /** Where the stacks are. */
  readonly namespaces: readonly string[] | 'All';
  readonly backupsOf: (stack: JtelStack) => readonly JtelBackup[];
  readonly restoresOf: (stack: JtelStack) => readonly JtelRestore[];
  readonly clock: () => Date;
  /** 0…1 */
  readonly random: () => number;
}

/** How it is told that a schedule is put aside. The stack itself has a condition of its own for that. */
export const scheduleAside = {
  condition: 'ScheduleQuarantined' satisfies StackConditionType,
  subject: 'the schedule of this stack',
} as const;

/** The CronJob has this long to ask for a due backup. */
const graceSeconds = 120;
const resyncSeconds = 3600;

export class ScheduleReconciler implements Reconciler {
  readonly #options: ScheduleReconcilerOptions;
  /** Stacks that were seen to want no CronJob and to have none: their uid and generation. */
  readonly #without = new Map<string, string>();
  /** CronJobs of stacks that were there when this process began, by their keys; asked for once. */
  #left: Promise<Map<string, Made>> | undefined;

  constructor(options: ScheduleReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(key: ObjectKey, context: ReconcileContext): Promise<ReconcileResult | void> {
    const stack = await this.#options.cluster.find(stackKind, key, context);
    // The garbage collector removes what the stack owns.
    if (stack === undefined || stack.metadata.deletionTimestamp !== undefined) {
      this.#without.delete(formatKey(key));
      return;
    }
    await this.#prune(stack, context);
    const schedule = computableSchedule(stack);
    const trouble = await this.#followCronJob(stack, schedule !== undefined, context);
    const now = this.#options.clock();
    if (schedule !== undefined && isScheduled(stack)) await this.#catchUp(stack, schedule, now, context);
    if (trouble !== undefined) throw trouble.error;
    if (schedule === undefined || !isScheduled(stack))
      return { requeueAfterSeconds: this.#spread(resyncSeconds) };
    const next = schedule.next(now);
    const untilNext =
      next === undefined ? resyncSeconds : (next.due.getTime() - now.getTime()) / 1000 + this.#grace() + 1;
    return { requeueAfterSeconds: Math.min(untilNext, this.#spread(resyncSeconds)) };
  }

  /** @returns what went wrong. A CronJob that cannot be made or removed must not keep the operator from asking itself. */
  async #followCronJob(
    stack: JtelStack,
    isComputable: boolean,
    context: ReconcileContext,
  ): Promise<{ readonly error: unknown } | undefined> {
    const { pods } = this.#options;
    try {
      if (pods === undefined) await this.#removeCronJob(stack, context);
      else await this.#keepCronJob(stack, pods, isComputable, context);
    } catch (error) {
      return { error };
    }
    return undefined;
  }

  /** Without CronJobs: removes the one that this stack had before. Others of its name are somebody else's. */
  async #removeCronJob(stack: JtelStack, context: ReconcileContext): Promise<void> {
    this.#left ??= this.#list(context).catch((error: unknown) => {
      this.#left = undefined;
      throw error;
    });
    const left = await this.#left;
    const { namespace, name } = stack.metadata;
    const key = { namespace, name: cronJobName(name) };
    const found = left.get(formatKey(key));
    if (found === undefined || !isMadeFor(found, stack)) return;
    await this.#options.cluster.delete(cronJobs, key, { uid: found.uid }, context);
    left.delete(formatKey(key));
    context.logger.info('a CronJob was removed: the operator asks for the backups itself', {
      cronJob: key.name,
    });
  }

  async #list(context: ReconcileContext): Promise<Map<string, Made>> {
    const { cluster, namespaces } = this.#options;
    const scopes = namespaces === 'All' ? [{}] : namespaces.map((namespace) => ({ namespace }));
    try {
      const lists = await Promise.all(
        scopes.map((scope) => cluster.list(cronJobs, { ...scope, labelSelector: labels.stack }, context)),
      );
      // Anybody may label a CronJob, so only what proves whose it is stays in memory.
      return new Map(
        lists.flat().flatMap((one) => {
          const made = madeByOperator(one);
          return made === undefined ? [] : [[formatKey(keyOf(one)), made] as const];
        }),
      );
    } catch (error) {
      if (!isForbidden(error)) throw error;
      // One that stays does no harm: it asks for the same backups, by the same names.
      context.logger.warn(
        'CronJobs that the operator made before may be left, because it may not list them',
        {
          error,
        },
      );
      return new Map();
    }
  }

  async #keepCronJob(
    stack: JtelStack,
    pods: SchedulePods,
    isComputable: boolean,
    context: ReconcileContext,
  ): Promise<void> {
    const { cluster } = this.#options;
    const { namespace, name } = stack.metadata;
    const key = { namespace, name: cronJobName(name) };
    const wanted = isComputable ? cronJob(stack, pods) : undefined;
    if (wanted === undefined && this.#hasNone(stack)) return;
    const found = await cluster.find(cronJobs, key, context);
    // The operator did not make this CronJob, so it does not change it.
    if (found !== undefined && !isMadeFor(madeByOperator(found), stack)) {
      context.logger.warn(
        'a CronJob of that name belongs to somebody else; the operator asks for the backups itself',
        { cronJob: key.name },
      );
      return;
    }
    if (wanted === undefined) {
      if (found !== undefined)
        await cluster.delete(cronJobs, key, { uid: found.metadata?.uid ?? '' }, context);
      this.#without.set(formatKey(stackKeyOf(stack)), lifeOf(stack));
      return;
    }
    if (found?.metadata?.annotations?.[digestAnnotation] === wanted.metadata?.annotations?.[digestAnnotation])
      return;
    // Locked on the one that was looked at: it may have been replaced by somebody else's meanwhile.
    const { resourceVersion } = found?.metadata ?? {};
    const metadata = { ...wanted.metadata, ...optional({ resourceVersion }) };
    await cluster.apply(cronJobs, { ...wanted, metadata }, context);
    context.logger.info('schedule applied', { cronJob: key.name });
  }

  /** Of a stack that never had backups there is nothing to look for. */
  #hasNone(stack: JtelStack): boolean {
    const { metadata, spec } = stack;
    const neverHad = spec.backup === undefined && metadata.generation === 1;
    return neverHad || this.#without.get(formatKey(stackKeyOf(stack))) === lifeOf(stack);
  }

  async #catchUp(stack: JtelStack, schedule: Schedule, now: Date, context: ReconcileContext): Promise<void> {
    const { cluster, backupsOf } = this.#options;
    const missed = missedBackup(stack, schedule, backupsOf(stack), this.#grace(), now);
    if (missed === undefined) return;
    const { namespace, name: stackName } = stack.metadata;
    const { name, time, verify } = missed;
    const request = { namespace, stackName, name, trigger: 'Scheduled', verify } as const;
    const created = await askForBackup(cluster, request, context);
    const due = time.toISOString();
    if (created) context.logger.info('a scheduled backup was asked for', { backup: name, due });
  }

  async #prune(stack: JtelStack, context: ReconcileContext): Promise<void> {
    const { cluster, backupsOf, restoresOf } = this.#options;
    for (const { metadata } of surplusBackups(stack, backupsOf(stack), restoresOf(stack))) {
      try {
        // The cache drops the managed fields, so the live object is read.
        const live = await cluster.find(backupKind, metadata, context);
        if (live === undefined || isKeptByOthers(live)) continue;
        // Only this version is deleted. An object that changed meanwhile is looked at again.
        await cluster.delete(
          backupKind,
          metadata,
          { uid: metadata.uid, resourceVersion: metadata.resourceVersion },
          context,
        );
        context.logger.info('an old JtelBackup was removed; what it stored stays', { backup: metadata.name });
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
    }
  }

  #grace(): number {
    return this.#options.pods === undefined ? 0 : graceSeconds;
  }

  #spread(seconds: number): number {
    return spread(seconds, resyncSpread, this.#options.random);
  }
}

function stackKeyOf({ metadata: { namespace, name } }: JtelStack): ObjectKey {
  return { namespace, name };
}

function lifeOf({ metadata: { uid, generation } }: JtelStack): string {
  return `${uid} ${generation}`;
}

/** A schedule that cannot be computed is told in the stack's condition BackupHealthy. */
function computableSchedule(stack: JtelStack): Schedule | undefined {
  try {
    return scheduleOf(stack);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
