/**
 * The restore controller: it checks what a JtelRestore asks for, and hands it over or tests it.
 *
 * Flow:
 *  - Plan: check everything, tell what would happen.
 *  - Execute: check everything, ask for a backup of what is there and wait for it, then give the order (phase `Loading`).
 *    The stack's own controller carries the order out; this one follows its status to the end.
 *  - Test: check, load the backup into a scratch project, start its database, count, compare, note the result, remove all of it.
 *
 * Guarantees:
 *  - Nothing is touched before `Loading`; a request that fails earlier says so.
 *  - A phase never goes back, and an order is given once: every status is written over the version that was read.
 *  - A test leaves nothing on its host, however it ends: its finalizer stays until the scratch project is gone.
 *  - One writer per host: this controller writes only in scratch projects, under claims of their own.
 *
 * Assumptions:
 *  - The stack's controller does what an order says, and says in `status.dataOrder` how far it is.
 *  - The backup that was found once is meant from then on; a newer one does not replace it.
 *
 * Caveats:
 *  - What is in the way for an hour ends the request, unless somebody wants it to wait (suspended, stopped, an older restore).
 *  - The checks read the store as it is now; what happens to it before the load is found by the job on the host.
 *  - A store that cannot be asked whether the order was carried out before makes it wait: that is not "no".
 */

import { restoreFinalizer, restoreKind, type JtelRestore } from '../../crds/index.ts';
import type { Cluster } from '../../runtime/client/cluster.ts';
import type { Activities } from '../../runtime/control/activities.ts';
import {
  WaveController,
  type SettledLook,
  type WaveContext,
  type WaveOptions,
  type WaveTypes,
} from '../../runtime/control/wave-controller.ts';
import type { HostClaims } from '../hosts/claims.ts';
import { failureOf, type Problem } from '../inputs/outcome.ts';
import { askForBackup } from '../stores/ask-for-backup.ts';
import { afterRestoreWave } from '../times/pauses.ts';
import { execute, type ScratchDependencies } from './act/scratch.ts';
import { scratchProject } from '../hosts/scratch-project.ts';
import { isOver } from './desired/request.ts';
import { observe, observeChecks, type Gathered, type ObserveDependencies } from './observe/observe.ts';
import type { Action, Plan } from './plan/actions.ts';
import { mayCheck, plan } from './plan/plan.ts';
import { restoreEvents } from './report/events.ts';
import { summarise } from './report/status.ts';
import { optional } from '../../base/optional.ts';

export interface RestoreReconcilerOptions extends ObserveDependencies, ScratchDependencies, WaveOptions {
  readonly cluster: Cluster;
  readonly activities: Activities<string>;
  readonly clusterID: string;
  /** Of scratch projects: their owners are requests, so they never meet those of stacks. */
  readonly claims: HostClaims;
  readonly mayAct: () => boolean;
}

interface RestoreTypes extends WaveTypes {
  readonly object: JtelRestore;
  readonly seen: Gathered;
  readonly plan: Plan;
  readonly found: undefined;
  readonly action: Action;
  readonly progress: string;
  readonly failure: Problem;
}

export function restoreReconciler(options: RestoreReconcilerOptions): WaveController<RestoreTypes> {
  const { cluster, claims } = options;
  return new WaveController<RestoreTypes>(
    {
      kind: restoreKind,
      // Only a test leaves something behind that must be removed.
      finalizer: {
        name: restoreFinalizer,
        isDue: (restore) => restore.spec.mode === 'Test' && !isOver(restore),
      },
      isOver: (restore, planned) =>
        planned?.kind === 'LetGo' || (isOver(restore) && restore.metadata.deletionTimestamp === undefined),
      forget: (_, uid) => claims.forget(uid),
      observe: async ({ object }, context) => {
        const seen = await observe(object, options, context);
        return mayCheck(object, seen.observed) ? await observeChecks(object, seen, options, context) : seen;
      },
      plan: ({ object: restore, now, running }, { observed }) =>
        plan({ restore, observed, now, isBusy: running !== undefined }),
      within: () => Promise.resolve(undefined),
      summarise: (look) => {
        const { object: restore, seen, plan: planned, now } = look;
        const message = messageOfWave(look);
        return summarise({
          restore,
          observed: seen.observed,
          plan: planned,
          now,
          ...optional({ message }),
        });
      },
      // Two processes never give one order twice, nor end a restore in two ways.
      isLocked: () => true,
      events: ({ object, plan: planned }, status) => restoreEvents(object, planned, status),
      after: async ({ plan: planned }, { metadata, spec }, context) => {
        if (planned.kind === 'CreateBackup') {
          const { name } = planned;
          const request = { namespace: metadata.namespace, stackName: spec.stackRef.name, name };
          await askForBackup(cluster, { ...request, trigger: 'PreRestore', verify: 'Checksum' }, context);
        }
        return undefined;
      },
      nextLook: ({ plan: planned }, isBusy) =>
        isBusy ? busySeconds : planned.kind === 'Wait' ? planned.afterSeconds : soonSeconds,
      waves: {
        activities: options.activities,
        mayAct: options.mayAct,
        waveOf: (planned) =>
          planned.kind === 'Act' ? { step: planned.phase, wave: planned.wave } : undefined,
        abandon: (_, begun, { metadata }) =>
          metadata.deletionTimestamp !== undefined && begun?.deleting === false
            ? 'the restore was deleted'
            : undefined,
        execute: (action, wave) => act(action, wave, options),
        failureOf,
        failed: ({ object }, { reason }) => {
          if (reason === 'Fenced') claims.forget(object.metadata.uid);
          return [];
        },
        pauses: { backOff: afterRestoreWave, spread: [1, 1] },
      },
    },
    options,
  );
}

const busySeconds = 10;
const soonSeconds = 2;

/** What a running wave says of itself, or why the last one failed. */
function messageOfWave({
  running,
  plan: planned,
  due,
  memory,
}: SettledLook<RestoreTypes>): string | undefined {
  return running === undefined && planned.kind === 'Act' && !due
    ? memory.failure?.message
    : running?.progress;
}

async function act(
  action: Action,
  { look, progress, signal }: WaveContext<RestoreTypes>,
  dependencies: RestoreReconcilerOptions,
): Promise<void> {
  const { claims, clusterID } = dependencies;
  const { object: restore, seen } = look;
  const { host, observed } = seen;
  const { scratch } = observed;
  if (host === undefined || scratch?.host.ok !== true)
    throw new Error('planned an action on a host that was not observed');
  const { namespace, name, uid } = restore.metadata;
  const owner = { clusterID, namespace, name, uid };
  const { facts, state } = scratch.host.value;
  await execute(action, {
    restore,
    observed,
    place: scratch.place,
    host,
    dependencies,
    claim: async () => {
      const held = claims.held(uid, facts.machineID);
      if (held !== undefined && state !== undefined) return;
      const epoch = held ?? claims.next(uid, { host: state?.epoch });
      await claims.claim(host, scratchProject(restore), { owner, epoch }, facts.machineID, signal);
    },
    fence: () => claims.fence(owner, facts.machineID),
    progress,
    signal,
  });
}
