/**
 * One look at one stack: read, observe, plan, tell (status and events), and start the next wave if one is due. Long work
 * runs beside the workers as an activity; everything that matters about it is found again by observing.
 */

import { randomUUID } from 'node:crypto';
import { stackFinalizer, stackKind, type JtelStack, type JtelStackStatus } from '../../crds/index.ts';
import type { Fence, Host } from '../../host-driver/host.ts';
import type { Cluster } from '../../runtime/client/cluster.ts';
import type { Activities } from '../../runtime/control/activities.ts';
import { spread } from '../../runtime/control/back-off.ts';
import { addFinalizer, finalizerStep, removeFinalizer } from '../../runtime/control/finalizer.ts';
import type { ReconcileContext, Reconciler, ReconcileResult } from '../../runtime/control/reconciler.ts';
import { LeadershipLost } from '../../runtime/errors.ts';
import { formatKey, type ObjectKey } from '../../runtime/objects.ts';
import type { Logger } from '../../runtime/report/logger.ts';
import type { EventRecorder, StoryEvent } from '../../runtime/report/event-recorder.ts';
import { findCondition } from '../../runtime/report/conditions.ts';
import { statusChanged } from '../../runtime/report/status-changed.ts';
import type { HostClaims, SeenEpochs } from '../hosts/claims.ts';
import { resyncSpread } from '../times/pauses.ts';
import { failureOf, type Problem } from '../inputs/outcome.ts';
import { claimOther, confirmOrder } from './live-checks.ts';
import { actionEvent, transitionEvents } from './events.ts';
import { describeAction } from './actions.ts';
import { execute, type Progress } from './execute.ts';
import { afterFailure, afterSuccess, atRest, Memory } from './memory.ts';
import type { Activity, Observed, Plan, PlanInput } from './model.ts';
import { lookAt } from './look.ts';
import type { Gathered, ObserveDependencies } from './observe.ts';
import { keepSecrets, releaseSecrets, secretsToKeep } from './kept-secrets.ts';
import { currentOperation, operationHeartbeat } from './operation.ts';
import { plan } from './plan.ts';
import { projectName } from '../hosts/project.ts';
import { updateProgress } from './stages/running.ts';
import { summarise } from './status.ts';
import type { HostWatcher } from './watch-hosts.ts';
import { Waves } from './waves.ts';

export interface StackReconcilerOptions extends ObserveDependencies {
  readonly cluster: Cluster;
  readonly activities: Activities<Progress>;
  readonly events: EventRecorder;
  readonly watcher: HostWatcher;
  readonly clusterID: string;
  readonly claims: HostClaims;
  /** How the stack's backups are; they are not this controller's to look for. */
  readonly addBackupHealth?: (status: JtelStackStatus, stack: JtelStack, now: Date) => JtelStackStatus;
  /** Whether this process is still the leader, by its own clock; asked before each wave. */
  readonly mayAct: () => boolean;
  readonly clock: () => Date;
  readonly random: () => number;
  readonly resyncSeconds: number;
  /** How long everything must stay up after an update before it counts as good; default 10. */
  readonly monitorSeconds?: number;
}

/** A look at everything (restarts, exit codes, files on the host) after so many resyncs of a stack that is well. */
const resyncsPerFullLook = 2;

/** Between looks at a former host that was not fenced yet. */
const formerLookSeconds = 20;

/** Between looks at containers while docker compose brings them to a release. */
const updateLookSeconds = 3;

type Entry = ReturnType<Memory['recall']>;

export class StackReconciler implements Reconciler {
  readonly #options: StackReconcilerOptions;
  readonly #memory = new Memory();
  readonly #waves = new Waves();

  constructor(options: StackReconcilerOptions) {
    this.#options = options;
  }

  /** What failed last is tried again at the next look, without a pause: something that it needs has changed. */
  tryAgain(key: ObjectKey): void {
    this.#memory.forget(key);
  }

  async reconcile(key: ObjectKey, context: ReconcileContext): Promise<ReconcileResult | void> {
    const { cluster, activities, watcher, clock } = this.#options;
    const found = await cluster.find(stackKind, key, context);
    const step = found === undefined ? 'Leave' : finalizerStep(found, stackFinalizer);
    if (found === undefined || step === 'Leave') {
      activities.forget(key);
      watcher.forget(key);
      this.#memory.forget(key);
      return;
    }
    const stack =
      step === 'Add' ? await addFinalizer(cluster, stackKind, found, stackFinalizer, context) : found;
    const project = projectName(key.namespace, key.name);
    const generation = stack.metadata.generation ?? 0;
    let entry = this.#takeOutcome(key, stack, this.#memory.recall(key, stack.metadata.uid ?? '', generation));
    if (this.#waves.isUnwanted(key, stack)) activities.abort(key, 'the spec changed');

    const now = clock();
    // Asked before looking: what is seen while a wave works may be gone when it has ended, so it starts no other wave.
    const running = activities.get(key);
    const waitSeconds = running === undefined ? 0 : this.#waves.nextLook(key, now);
    if (waitSeconds > 0) return { requeueAfterSeconds: waitSeconds };
    const depth = isQuickEnough(stack, entry, now, this.#options.resyncSeconds * resyncsPerFullLook)
      ? 'quick'
      : 'full';
    const { held, gathered } = await lookAt(stack, project, depth, now, this.#options, context);
    if (depth === 'full' && gathered.observed.host.ok)
      entry = { ...entry, fullObservationTime: now.getTime() };
    this.#memory.keep(key, entry);
    if (
      gathered.observed.host.ok &&
      gathered.host !== undefined &&
      gathered.observed.host.value.facts.dockerVersion !== undefined
    ) {
      const { machineID, hostKey = '' } = gathered.observed.host.value.facts;
      // Machines of several stacks may share a machine-id.
      watcher.watch(key, project, `${machineID} ${hostKey}`, gathered.host);
    }

    const uid = stack.metadata.uid ?? '';
    const machineID = gathered.observed.host.ok ? gathered.observed.host.value.facts.machineID : '';
    const heldEpoch = this.#options.claims.held(uid, machineID);
    const identity = {
      clusterID: this.#options.clusterID,
      ...(heldEpoch === undefined ? {} : { heldEpoch }),
    };
    const planned = plan({
      stack: held,
      observed: gathered.observed,
      identity,
      now,
      ...monitoring(this.#options),
    });
    // A change that has failed is not waited for any longer.
    if (planned.step === 'Fail' && running !== undefined && running.name !== 'Fail')
      activities.abort(key, 'the change failed');
    if (planned.kind === 'Done' || planned.kind === 'Blocked') this.#memory.keep(key, atRest(entry));
    const due =
      planned.kind === 'Act' &&
      running === undefined &&
      !isPaused(stack) &&
      (entry.retryTime ?? 0) <= now.getTime();
    const epoch =
      due && claimsHost(planned) ? this.#options.claims.next(uid, seenEpochs(stack, gathered)) : heldEpoch;
    const activity: Activity | undefined =
      running === undefined ? undefined : toActivity(running.name, running.progress, gathered.observed);
    const failure = running === undefined && !due ? entry.failure : undefined;
    const keptSecrets = await secretsToKeep(cluster, stack, context);
    const written = await this.#tell(
      { key, stack, project, gathered, planned, activity, failure, epoch, locked: due, keptSecrets, now },
      context,
    );
    const letGoSeconds = await keepSecrets(cluster, written, now, context);
    if (due) this.#start(key, written, project, gathered, planned, epoch, context.logger);
    const next = Math.min(
      this.#nextLook(planned, entry, running !== undefined || due, now),
      letGoSeconds ?? Number.POSITIVE_INFINITY,
    );
    return {
      requeueAfterSeconds: gathered.observed.formers === undefined ? next : Math.min(next, formerLookSeconds),
    };
  }

  /** What the last wave came to: a failure is remembered with a pause, success forgets it. */
  #takeOutcome(key: ObjectKey, stack: JtelStack, entry: Entry): Entry {
    const outcome = this.#options.activities.take(key);
    if (outcome === undefined) return entry;
    this.#waves.end(key);
    if (outcome.result === 'Succeeded') return afterSuccess(entry, outcome.name, this.#options.clock());
    if (outcome.result === 'Aborted') return entry;
    const failure = failureOf(outcome.error);
    this.#record(stack, { type: 'Warning', reason: failure.reason, note: failure.message }, outcome.name);
    if (failure.reason === 'Fenced') this.#options.claims.forget(stack.metadata.uid ?? '');
    return afterFailure(entry, failure, this.#options.clock(), this.#options.random());
  }

  #start(
    key: ObjectKey,
    stack: JtelStack,
    project: string,
    gathered: Gathered,
    planned: Plan,
    epoch: number | undefined,
    logger: Logger,
  ): void {
    if (planned.kind !== 'Act') return;
    const { cluster, activities, clusterID, claims, credentials, mayAct } = this.#options;
    if (!mayAct())
      throw new LeadershipLost(
        `not starting ${planned.step} of ${formatKey(key)}: this process is no longer the leader`,
      );
    const { namespace = '', name = '', uid = '' } = stack.metadata;
    const machineID = gathered.observed.host.ok ? gathered.observed.host.value.facts.machineID : '';
    this.#waves.begin(key, stack, this.#options.clock());
    activities.start(key, planned.step, async (progress, signal) => {
      const requireFence = (): Fence => {
        // Asked anew each time: a backup of the same stack may have claimed a newer epoch for this process meanwhile.
        const held = claims.held(uid, machineID);
        if (held === undefined)
          throw new Error(`${planned.step} of ${formatKey(key)} was planned without a claim`);
        return { owner: { clusterID, namespace, name, uid }, epoch: held };
      };
      for (const action of planned.wave) {
        signal.throwIfAborted();
        if (!mayAct()) throw new LeadershipLost('no longer the leader');
        const what = describeAction(action);
        progress({ message: what });
        logger.info('action started', { action: action.type });
        const start = performance.now();
        const outcome = await execute(action, {
          stack,
          project,
          gathered,
          credentials,
          claim: async (host: Host) => {
            if (epoch === undefined)
              throw new Error(`${planned.step} of ${formatKey(key)} has no epoch to claim with`);
            await host.claim(project, { owner: { clusterID, namespace, name, uid }, epoch }, signal);
            claims.claimed(uid, machineID, epoch);
          },
          fence: requireFence,
          claimOther: (other) => claimOther(other, { project, gathered, stack, clusterID, claims, signal }),
          confirmOrder: (restore, requestUID) =>
            confirmOrder(cluster, { namespace, name: restore }, requestUID, signal),
          letGo: async () => {
            await releaseSecrets(cluster, stack, { signal });
            await removeFinalizer(cluster, stackKind, stack, stackFinalizer, { signal });
          },
          cluster,
          tell: (event) => this.#record(stack, event, planned.step),
          progress,
          signal,
        });
        const seconds = (performance.now() - start) / 1000;
        logger.info('action done', { action: action.type, seconds });
        const event = outcome === 'Unchanged' ? undefined : actionEvent(action.type, seconds);
        if (event !== undefined) this.#record(stack, event, planned.step);
      }
    });
  }

  /** Writes the status if it changed and tells what became of the stack. Before a wave the write is locked on what was read. */
  async #tell(
    look: {
      readonly key: ObjectKey;
      readonly stack: JtelStack;
      readonly project: string;
      readonly gathered: Gathered;
      readonly planned: Plan;
      readonly activity: Activity | undefined;
      readonly failure: Problem | undefined;
      readonly epoch: number | undefined;
      readonly locked: boolean;
      readonly keptSecrets: readonly string[];
      readonly now: Date;
    },
    context: ReconcileContext,
  ): Promise<JtelStack> {
    const { key, stack, project, gathered, planned, now } = look;
    const common = {
      stack,
      observed: gathered.observed,
      plan: planned,
      now,
      ...(look.activity === undefined ? {} : { activity: look.activity }),
      ...(look.failure === undefined ? {} : { failure: look.failure }),
    };
    const paused = isPaused(stack) && look.activity === undefined;
    const operation = paused
      ? undefined
      : currentOperation({
          ...common,
          newID: randomUUID(),
          ...(look.epoch === undefined ? {} : { epoch: look.epoch }),
        });
    const summary: JtelStackStatus = {
      ...summarise({ ...common, operation }),
      keptSecrets: [...look.keptSecrets],
      project,
    };
    const status = this.#options.addBackupHealth?.(summary, stack, now) ?? summary;
    if (!statusChanged(stack.status, status, [operationHeartbeat])) return stack;
    const { uid = '', resourceVersion = '' } = stack.metadata;
    const lock = look.locked ? { uid, resourceVersion } : { uid };
    const written = await this.#options.cluster.applyStatus(stackKind, key, status, lock, context);
    for (const event of transitionEvents(stack.status, status)) this.#record(stack, event, planned.step);
    return written;
  }

  #record(stack: JtelStack, event: StoryEvent, step: string): void {
    this.#options.events.record(stackKind, stack, { ...event, action: step });
  }

  #nextLook(planned: Plan, entry: Entry, busy: boolean, now: Date): number {
    // A wave wakes us when it progresses; this is for its heartbeat.
    if (busy)
      return planned.step === 'Apply' || planned.step === 'WayBack'
        ? updateLookSeconds
        : operationHeartbeat.everySeconds;
    if (planned.kind === 'Act' && entry.retryTime !== undefined && entry.retryTime > now.getTime())
      return (entry.retryTime - now.getTime()) / 1000;
    if (planned.kind === 'Wait' || planned.kind === 'Blocked') return planned.afterSeconds;
    // Spread, so that a fleet that was started together does not look together for ever.
    return spread(this.#options.resyncSeconds, resyncSpread, this.#options.random);
  }
}

function monitoring({ monitorSeconds }: StackReconcilerOptions): Pick<PlanInput, 'monitorSeconds'> {
  return monitorSeconds === undefined ? {} : { monitorSeconds };
}

function isQuickEnough(stack: JtelStack, entry: Entry, now: Date, fullLookSeconds: number): boolean {
  if (stack.status?.phase !== 'Ready' || entry.fullObservationTime === undefined) return false;
  // What a restore needs on the host, images above all, only a full look tells.
  if (stack.status.dataOrder !== undefined && stack.status.dataOrder.state !== 'Done') return false;
  // Whether drift is gone, only a full look tells.
  if (findCondition(stack.status.conditions, 'Drifted')?.status === 'True') return false;
  return now.getTime() - entry.fullObservationTime < fullLookSeconds * 1000;
}

/** Nothing is changed on the host; deletion is an order of its own. */
function isPaused(stack: JtelStack): boolean {
  return (
    stack.metadata.deletionTimestamp === undefined &&
    (stack.spec.suspend || stack.spec.managementMode === 'Observe')
  );
}

function claimsHost(planned: Plan): boolean {
  return planned.kind === 'Act' && planned.wave.some((action) => action.type === 'ClaimHost');
}

function seenEpochs(stack: JtelStack, gathered: Gathered): SeenEpochs {
  const host = gathered.observed.host.ok ? gathered.observed.host.value.state?.epoch : undefined;
  return { host, status: stack.status?.operation?.epoch };
}

function toActivity(name: string, progress: Progress | undefined, observed: Observed): Activity {
  // docker compose waits for it and says nothing meanwhile.
  const update = updateProgress(observed);
  if (update !== undefined) return update;
  const { message = name, percent } = progress ?? {};
  return { message, ...(percent === undefined ? {} : { progressPercent: percent }) };
}
