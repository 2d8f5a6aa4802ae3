/**
 * The stack controller: from a JtelStack to containers on its host, and back.
 *
 * Flow: `look.ts` observes everything once and chooses the spec that the stack is held to; `plan/` says what comes next: inputs,
 * host, set-up, data, a change with its backup, drift, health, clean-up; a wave does it; the next look plans anew.
 *
 * Guarantees:
 *  - A look changes nothing. What is done is an action of a wave, and each action leaves its trace where a look finds it.
 *  - A host is changed under an epoch that was noted in the status before; an older epoch is refused by the host itself.
 *  - Nothing is started over data that are lost, incomplete, or of a version that the release cannot use.
 *  - What runs is stopped only when everything that takes its place is on the host.
 *  - While a spec cannot be begun, the last good one is looked after; a change that failed is taken back, and not tried again.
 *
 * Assumptions:
 *  - One machine answers under one pair of machine-id and host key; `hosts/machine.ts` says what happens when it does not.
 *  - docker compose itself is idempotent for one release.
 *
 * Caveats:
 *  - A quick look trusts files and firewall of the host until the next full one, which is every second resync.
 *  - While a stack is suspended or only observed, a new spec is recorded in the change log and nothing else is done.
 *  - Deletion with the host away waits for the host, or for the annotation that abandons it.
 */

import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  stackFinalizer,
  stackKind,
  type JtelChannel,
  type JtelStack,
  type JtelStackStatus,
} from '../../crds/index.ts';
import type { StackOwner } from '../../host-driver/host.ts';
import { recentReads, type RecentReadsOptions } from '../../runtime/cache/recent-reads.ts';
import type { Cluster } from '../../runtime/client/cluster.ts';
import type { Activities } from '../../runtime/control/activities.ts';
import { spread } from '../../base/back-off.ts';
import { removeFinalizer } from '../../runtime/control/finalizer.ts';
import type { ReconcileContext } from '../../runtime/control/reconciler.ts';
import {
  WaveController,
  type Look,
  type PlannedLook,
  type SettledLook,
  type WaveContext,
  type WaveOptions,
} from '../../runtime/control/wave-controller.ts';
import { isOutdated } from '../../runtime/control/wave-memory.ts';
import type { StoryEvent } from '../../runtime/report/event-recorder.ts';
import { awaySinceAfter } from '../hosts/away.ts';
import type { HostClaims } from '../hosts/claims.ts';
import { projectName } from '../hosts/project.ts';
import { failureOf } from '../inputs/outcome.ts';
import { afterStackWave, resyncSpread, waveSpread } from '../times/pauses.ts';
import type { Action } from './actions.ts';
import { describeAction } from './report/sentences/actions.ts';
import { channelEvents } from './report/channel.ts';
import { actionEvent, choiceEvent, logEvent, outcomeEvent, transitionEvents } from './report/events.ts';
import { describe } from './report/sentences/index.ts';
import { execute, type Progress } from './act/execute.ts';
import { keepSecrets, releaseSecrets, secretsToKeep } from './act/kept-secrets.ts';
import { claimOther, confirmOrder } from './act/live-checks.ts';
import { changeNumber } from './host-change.ts';
import { isQuickEnough, lookAt, type LookDependencies } from './look.ts';
import { isPaused, type Observed, type Plan } from './model.ts';
import { operationHeartbeat } from './report/operation.ts';
import { plan } from './plan/plan.ts';
import { summariseLook } from './summarise-look.ts';
import { recordStep, type StackTypes } from './wave-types.ts';
import { afterSuccess } from './plan/repairs.ts';
import { tellsProgress } from './report/progress.ts';
import { awayFormersAfter, nextFormerLook } from './former-pauses.ts';
import { recordSteps, stepsSeen, stepsWith } from './steps.ts';
import type { HostWatcher } from './observe/watch-hosts.ts';
import { optional } from '../../base/optional.ts';

export interface StackReconcilerOptions extends LookDependencies, WaveOptions {
  readonly cluster: Cluster;
  /** The stack's version as a watch named it last. */
  readonly versionHeard: RecentReadsOptions['versionHeard'];
  readonly activities: Activities<Progress>;
  readonly watcher: HostWatcher;
  readonly clusterID: string;
  readonly claims: HostClaims;
  /** How the stack's backups are; they are not this controller's to look for. */
  readonly addBackupHealth?: (status: JtelStackStatus, stack: JtelStack, now: Date) => JtelStackStatus;
  /** The channel of that name, as last heard. */
  readonly channelOf?: (name: string) => JtelChannel | undefined;
  /** Whether this process is still the leader, by its own clock; asked before each wave. */
  readonly mayAct: () => boolean;
  readonly resyncSeconds: number;
  /** How long everything must stay up after an update before it counts as good; default 10. */
  readonly monitorSeconds?: number;
}

/** A look at everything (restarts, exit codes, files on the host) after so many resyncs of a stack that is well. */
const resyncsPerFullLook = 2;

/** Between looks at containers while docker compose brings them to a release. */
const updateLookSeconds = 3;

/** While a wave works: docker compose makes dozens of events, and each look costs the host what it is busy with. */
const betweenLooksSeconds = 1;

export function stackReconciler(options: StackReconcilerOptions): WaveController<StackTypes> {
  const { cluster, claims, clusterID, monitorSeconds } = options;
  return new WaveController<StackTypes>(
    {
      kind: stackKind,
      finalizer: { name: stackFinalizer, isDue: () => true },
      forget: (key) => options.watcher.forget(key),
      observe: (look, context) => observe(look, options, context),
      plan: ({ object, now, memory }, { held, observed }) => {
        const heldEpoch = claims.held(object.metadata.uid, machineOf(observed.host));
        return plan({
          ...held,
          observed,
          identity: { clusterID, ...optional({ heldEpoch }) },
          now,
          ...optional({ monitorSeconds, awaySince: memory.notes.awaySince }),
        });
      },
      remember: (look) => ({
        ...(look.seen.depth === 'full' && look.seen.observed.host.ok
          ? { fullObservationTime: look.now.getTime() }
          : {}),
        ...(look.plan.kind === 'Done' || look.plan.kind === 'Blocked' ? { repairs: 0 } : {}),
        awaySince: awaySinceAfter(look.memory.notes.awaySince, look.seen.observed.host, look),
        awayFormers: awayFormersAfter(look.memory.notes.awayFormers, look.seen.observed.formers, look),
        steps: (isPaused(look.object) ? undefined : stepsSeen(look)) ?? [],
      }),
      within: async (look, context) => ({
        epoch: epochFor(look, claims),
        keptSecrets: await secretsToKeep(cluster, look.object, context),
        operationID: randomUUID(),
        changeNumber: changeNumber(
          { ...look.seen, stack: look.object },
          look.due ? waveOf(look.plan, look.object)?.wave : undefined,
        ),
      }),
      // A copy in the cache may be older than what this process itself has written.
      isLocked: (planned, { status }, after) =>
        (planned.kind === 'Blocked' && planned.reason === 'StatusOlderThanHost') ||
        !isDeepStrictEqual(status?.channel, after.channel),
      summarise: (look) => {
        const summary = summariseLook(look, clusterID, options.channelOf);
        return options.addBackupHealth?.(summary, look.object, look.now) ?? summary;
      },
      heartbeats: [operationHeartbeat],
      tellsProgress,
      events: ({ object, seen, plan: { step } }, status) => {
        const { initialData } = seen.observed;
        const note = initialData?.ok === true ? initialData.value.note : undefined;
        return [
          ...choiceEvent(object.status, status, note),
          ...channelEvents(object.status, status),
          ...transitionEvents(object.status, status),
        ].map((event) => ({ ...event, action: step }));
      },
      after: async (look, written, context) => {
        const { seen, now, memory } = look;
        if (!isPaused(look.object)) await recordSteps(look, cluster, context);
        await nameFiles(look, options, context);
        const letGoSeconds = await keepSecrets(cluster, written, now, context);
        const { formers } = seen.observed;
        const away = awayFormersAfter(memory.notes.awayFormers, formers, look);
        // It is planned for the release that the channel said at once.
        const told = written.spec.version === look.object.spec.version ? Infinity : 0;
        return Math.min(
          told,
          letGoSeconds ?? Infinity,
          nextFormerLook(written, formers, away, now) ?? Infinity,
        );
      },
      nextLook: (look, isBusy) => nextLook(look, isBusy, options),
      waves: {
        activities: options.activities,
        mayAct: options.mayAct,
        waveOf,
        abandon: (running, begun, stack, planned) => {
          if (begun !== undefined && isOutdated(begun, stack)) return 'the spec changed';
          // A change that has failed is not waited for any longer.
          return planned?.step === 'Fail' && running.name !== 'Fail' ? 'the change failed' : undefined;
        },
        betweenLooksSeconds,
        execute: (action, wave) => act(action, wave, options),
        failureOf,
        failed: ({ object }, { reason, message }, step) => {
          if (reason === 'Fenced') claims.forget(object.metadata.uid);
          return [{ type: 'Warning', reason, note: message, action: step }];
        },
        pauses: { backOff: afterStackWave, spread: waveSpread },
        succeeded: (notes, step) => {
          if (step === recordStep) return { notes };
          const { repairs, ...pause } = afterSuccess(notes.repairs ?? 0, step);
          return { notes: { ...notes, repairs }, ...pause };
        },
      },
    },
    { ...options, cluster: recentReads(cluster, options) },
  );
}

async function observe(
  { key, object: stack, now, memory }: Look<StackTypes>,
  options: StackReconcilerOptions,
  context: ReconcileContext,
): Promise<StackTypes['seen']> {
  const project = projectName(key.namespace, key.name);
  const fullLookSeconds = options.resyncSeconds * resyncsPerFullLook;
  const depth = isQuickEnough(stack, memory.notes.fullObservationTime, now, fullLookSeconds)
    ? 'quick'
    : 'full';
  const { awayFormers, quietMachineID } = memory.notes;
  const about = { project, depth, now, ...optional({ awayFormers, quietMachineID }) } as const;
  const look = await lookAt(stack, about, options, context);
  const { observed, gathered } = look;
  const { host } = observed;
  if (host.ok && gathered.host !== undefined && host.value.facts.dockerVersion !== undefined) {
    const { hostKey = '', clockSkewSeconds } = host.value.facts;
    options.watcher.watch(key, project, stack.spec.host, {
      host: gathered.host,
      hostKey,
      since: now,
      clockSkewSeconds,
    });
  }
  return { ...look, depth };
}

/**
 * Gives the stack a key for the names of its secrets when the host has exactly what is wanted: those names stay then, and
 * nothing starts anew.
 */
async function nameFiles(
  { object: stack, seen: { held, observed } }: PlannedLook<StackTypes>,
  { credentials }: StackReconcilerOptions,
  { signal }: ReconcileContext,
): Promise<void> {
  const { desired } = held;
  if (desired?.plainFileNames !== true || !observed.host.ok || isPaused(stack)) return;
  if (observed.host.value.state?.applied?.digest !== desired.release.digest) return;
  const secretFiles = desired.release.files.filter(({ mode }) => mode === 0o600);
  await credentials.nameFiles(
    stack,
    secretFiles.map(({ sha256 }) => sha256),
    signal,
  );
}

/** What is planned and may be done. A spec is recorded whatever else: that changes nothing on the host. */
function waveOf(
  planned: Plan,
  stack: JtelStack,
): { readonly step: string; readonly wave: readonly Action[] } | undefined {
  const { record } = planned;
  const work = planned.kind === 'Act' && !isPaused(stack) ? planned.wave : [];
  const wave = record === undefined ? work : [record, ...work];
  if (wave.length === 0) return undefined;
  return { step: work.length === 0 ? recordStep : planned.step, wave };
}

function epochFor(
  { object: stack, seen, plan: planned, due }: PlannedLook<StackTypes>,
  claims: HostClaims,
): number | undefined {
  const { host } = seen.observed;
  const claiming = due && waveOf(planned, stack)?.wave.some((action) => action.type === 'ClaimHost') === true;
  if (!claiming) return claims.held(stack.metadata.uid, machineOf(host));
  return claims.next(stack.metadata.uid, {
    host: host.ok ? host.value.state?.epoch : undefined,
    status: stack.status?.operation?.epoch,
  });
}

function machineOf(host: Observed['host']): string {
  return host.ok ? host.value.facts.machineID : '';
}

function nextLook(
  { plan: planned }: SettledLook<StackTypes>,
  isBusy: boolean,
  { resyncSeconds, random }: StackReconcilerOptions,
): number {
  // A wave wakes us when it progresses; this is for its heartbeat.
  if (isBusy)
    return planned.step === 'Apply' || planned.step === 'WayBack'
      ? updateLookSeconds
      : operationHeartbeat.everySeconds;
  if (planned.kind === 'Wait') return planned.afterSeconds;
  // The spread keeps stacks that were started together, or whose hosts went away together, from being
  // looked at together for ever.
  return spread(planned.kind === 'Blocked' ? planned.afterSeconds : resyncSeconds, resyncSpread, random);
}

async function act(
  action: Action,
  wave: WaveContext<StackTypes>,
  options: StackReconcilerOptions,
): Promise<void> {
  const { cluster, clusterID, claims, credentials, events } = options;
  const { look, step, progress, signal } = wave;
  const { object: stack, seen, found } = look;
  const { namespace, name, uid } = stack.metadata;
  const project = projectName(namespace, name);
  const owner: StackOwner = { clusterID, namespace, name, uid };
  const machineID = machineOf(seen.observed.host);
  const record = (event: StoryEvent): void => events.record(stackKind, stack, { ...event, action: step });
  const tell = (told: Progress): void => progress({ ...told, action: action.type });
  tell({ message: describeAction(action) });
  const steps = isPaused(stack)
    ? undefined
    : stepsWith(look, { step, action: action.type }, wave.notes(), options.clock());
  if (steps !== undefined) wave.note({ steps });
  const start = performance.now();
  const outcome = await execute(action, {
    stack,
    project,
    look: seen,
    credentials,
    claim: async (host) => {
      if (found.epoch === undefined) throw new Error(`${step} of ${project} has no epoch to claim with`);
      await claims.claim(host, project, { owner, epoch: found.epoch }, machineID, signal);
    },
    fence: () => ({ ...claims.fence(owner, machineID), ...optional({ change: found.changeNumber }) }),
    claimOther: (other) =>
      claimOther(other, { project, gathered: seen.gathered, stack, clusterID, claims, signal }),
    confirmOrder: (restore, requestUID) =>
      confirmOrder(cluster, { namespace, name: restore }, requestUID, signal),
    letGo: async () => {
      await releaseSecrets(cluster, stack, { signal });
      await removeFinalizer(cluster, stackKind, stack, stackFinalizer, { signal });
    },
    cluster,
    say: describe,
    recordOutcome: (revision, ended) => {
      const event = outcomeEvent(revision, ended);
      if (event !== undefined) record(event);
    },
    recordLog: (service, lines, file) => record(logEvent(service, lines, file)),
    progress: tell,
    ...optional({ steps }),
    signal,
  });
  // It took the host's lock. Notes of a spec do not outlive it.
  if (action.type === 'StopFormer') wave.note({ quietMachineID: action.machineID });
  const event =
    outcome === 'Unchanged' ? undefined : actionEvent(action.type, (performance.now() - start) / 1000);
  if (event !== undefined) record(event);
}
