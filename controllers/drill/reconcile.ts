/**
 * The drill controller: which backups are restored for a test, on hosts of the platform team.
 *
 * Flow: judge each stack, look at each host, note in the status which tests begin where, then create a JtelRestore for each.
 * The restore controller does the test, and cleans up after it. When the restore is over, this one looks at the host itself,
 * wipes what is left, and only then gives the place to the next test.
 *
 * Guarantees:
 *  - A test is in the status before its JtelRestore exists, and the JtelRestore begins only once its uid is there. The status
 *    is written over the version that was read: of two processes with the same plan, one begins it.
 *  - A place is free again only when its host was seen without anything of the test before.
 *  - A host that a stack names, or that is the machine of one, is refused, and nothing begins on it.
 *
 * Assumptions:
 *  - It sees the stacks of all namespaces.
 *
 * Caveats:
 *  - A host that does not answer keeps the places of its tests. `jtel.de/abandon-host` on the drill lets them go.
 */
import { drillFinalizer, drillKind, type JtelDrill } from '../../crds/index.ts';
import type { Activities } from '../../runtime/control/activities.ts';
import { WaveController, type WaveOptions, type WaveTypes } from '../../runtime/control/wave-controller.ts';
import { HostClaims } from '../hosts/claims.ts';
import { failureOf, type Problem } from '../inputs/outcome.ts';
import { afterRestoreWave } from '../times/pauses.ts';
import { askForTest, wipe } from './act/execute.ts';
import { observe, type ObserveDependencies } from './observe/observe.ts';
import type { Gathered } from './observe/observed.ts';
import { plan, type Action, type DrillPlan } from './plan/plan.ts';
import { drillEvents } from './report/events.ts';
import { summarise } from './report/status.ts';

export interface DrillReconcilerOptions extends ObserveDependencies, Omit<WaveOptions, 'cluster'> {
  readonly activities: Activities<never>;
  readonly clusterID: string;
  readonly mayAct: () => boolean;
}

interface DrillTypes extends WaveTypes {
  readonly object: JtelDrill;
  readonly seen: Gathered;
  readonly plan: DrillPlan;
  readonly found: undefined;
  readonly action: Action;
  readonly progress: never;
  readonly failure: Problem;
}

/** Ages pass, and disks fill, without a change of any object. */
const longestPauseSeconds = 300;
const runningSeconds = 60;
/** Between the creation of a test and the look that notes its uid. */
const soonSeconds = 2;

export function drillReconciler(options: DrillReconcilerOptions): WaveController<DrillTypes> {
  const claims = new HostClaims();
  return new WaveController<DrillTypes>(
    {
      kind: drillKind,
      finalizer: {
        name: drillFinalizer,
        isDue: ({ status }, planned) => (planned?.tests ?? status?.tests ?? []).length > 0,
      },
      isOver: (_, planned) => planned?.isLetGo === true,
      observe: ({ object }, context) => observe(object, options, context),
      plan: ({ object, now }, { observed }) => plan(object, observed, now),
      within: () => Promise.resolve(undefined),
      isLocked: () => true,
      summarise: ({ object, seen, plan: planned, now }) => summarise(object, seen.observed, planned, now),
      events: ({ object }, status) =>
        drillEvents(object.status, status).map((event) => ({ ...event, action: 'Drill' })),
      after: async ({ plan: { wanted } }, written, context) => {
        for (const test of wanted) {
          const backup = options.backup(test.namespace, test.backup);
          if (backup !== undefined) await askForTest(options.cluster, written, test, backup, context);
        }
        return wanted.length > 0 ? soonSeconds : undefined;
      },
      nextLook: ({ plan: { tests } }, isBusy) =>
        isBusy ? soonSeconds : tests.length > 0 ? runningSeconds : longestPauseSeconds,
      waves: {
        activities: options.activities,
        mayAct: options.mayAct,
        waveOf: ({ wave }) => (wave.length === 0 ? undefined : { step: 'Wipe', wave }),
        execute: (action, { look, signal }) =>
          wipe(action, { gathered: look.seen, clusterID: options.clusterID, claims, signal }),
        failureOf,
        pauses: { backOff: afterRestoreWave, spread: [1, 1] },
      },
    },
    options,
  );
}
