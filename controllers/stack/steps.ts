/** Keeps the steps of a change on its revision, one look after the other. */

import type { JtelStack } from '../../crds/index.ts';
import type { CallOptions, Cluster } from '../../runtime/client/cluster.ts';
import type { Activity } from '../../runtime/control/activities.ts';
import { optional } from '../../base/optional.ts';
import type { ActionType } from './actions.ts';
import type { Progress } from './act/execute.ts';
import { noteSteps } from './act/revisions.ts';
import type { RecordedStep } from './desired/revisions.ts';
import type { Look } from './look.ts';
import type { Plan } from './model.ts';
import { updateProgress } from './plan/stages/running.ts';
import { stepsOf } from './report/time-line.ts';

export interface StepsLook {
  readonly object: JtelStack;
  readonly seen: Look;
  readonly plan: Plan;
  readonly running: Activity<Progress> | undefined;
  readonly memory: { readonly notes: { readonly steps?: readonly RecordedStep[] } };
  readonly now: Date;
}

/** @returns undefined if no change is under way */
export function stepsSeen({
  seen,
  plan,
  running,
  memory,
  now,
}: StepsLook): readonly RecordedStep[] | undefined {
  const { held, observed } = seen;
  if (observed.revisions === undefined) return undefined;
  return stepsOf(observed.revisions.current, memory.notes.steps ?? [], {
    plan,
    ...(running === undefined
      ? {}
      : { running: { step: running.name, ...optional({ action: running.progress?.action }) } }),
    updatesData: updateProgress(observed, held.desired) !== undefined,
    now,
  });
}

/**
 * Many actions are over before a look could see them, so a wave notes them itself.
 * @returns undefined if no change is under way
 */
export function stepsWith(
  look: StepsLook,
  { step: name, action }: { readonly step: string; readonly action: ActionType },
  notes: StepsLook['memory']['notes'],
  now: Date,
): readonly RecordedStep[] | undefined {
  const running = { name, startTime: now, progress: { message: '', action } };
  return stepsSeen({ ...look, running, memory: { notes }, now });
}

/** Steps that are noted by themselves wait so long for a note that comes anyway. */
const patienceSeconds = 10;

/** Between waves only: a wave notes on the revision, too, and two at once would refuse each other. */
export async function recordSteps(look: StepsLook, cluster: Cluster, options: CallOptions): Promise<void> {
  const steps = stepsSeen(look);
  const current = look.seen.observed.revisions?.current;
  if (look.running !== undefined || steps === undefined || current === undefined) return;
  const first = steps[current.steps?.length ?? 0];
  if (first === undefined) return;
  const waitedSeconds = (look.now.getTime() - Date.parse(first.time)) / 1000;
  if (waitedSeconds >= patienceSeconds) await noteSteps(cluster, look.object, current, steps, options);
}
