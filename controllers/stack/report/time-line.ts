/**
 * The steps of a change, as its revision keeps them: when each was first observed. They answer why an update
 * took eleven minutes. Pure.
 *
 * A step ends where the next begins. The list lies on the revision, so a new process goes on with it.
 */

import type { ActionType } from '../actions.ts';
import type { RecordedStep, Revision } from '../desired/revisions.ts';
import type { Plan, Step } from '../model.ts';

/** Longer lists come from changes that go to and fro. The outcome still says when they end. */
const mostSteps = 40;

/** Actions that take long have steps of their own. */
const ofActions: Partial<Readonly<Record<ActionType, string>>> = {
  SetUpHost: 'SetUp' satisfies Step,
  PullImages: 'Pull',
  StartDatabase: 'Containers',
  ApplyRelease: 'Containers',
  StopStack: 'Stop' satisfies Step,
  StopFormer: 'Stop' satisfies Step,
};

export interface Work {
  readonly plan: Plan;
  /** The running wave: its step, and what it does now. */
  readonly running?: { readonly step: string; readonly action?: ActionType };
  /** Whether the release's data updater says that it is at work. */
  readonly updatesData: boolean;
  readonly now: Date;
}

/**
 * @param seen what this process saw since the revision was last read
 * @returns what the revision should keep; undefined if no change is under way
 */
export function stepsOf(
  { isNew, outcome, time, steps = [] }: Revision,
  seen: readonly RecordedStep[],
  work: Work,
): readonly RecordedStep[] | undefined {
  if (isNew === true || (outcome !== undefined && outcome.result !== 'RollingBack')) return undefined;
  const since = Date.parse(steps.at(-1)?.time ?? time);
  const unrecorded = seen.filter((one) => Date.parse(one.time) > since);
  return [...unrecorded, { step: stepNow(work), time: work.now.toISOString() }].reduce(withStep, steps);
}

function withStep(steps: readonly RecordedStep[], next: RecordedStep): readonly RecordedStep[] {
  return steps.at(-1)?.step === next.step || steps.length >= mostSteps ? steps : [...steps, next];
}

function stepNow({ plan, running, updatesData }: Work): string {
  // That a spec is recorded is no work on the stack.
  if (running === undefined || running.action === 'RecordRevision')
    return plan.step === 'Health' && updatesData ? 'DataUpdate' : plan.step;
  const { step, action } = running;
  if (action === 'ApplyRelease' && updatesData) return 'DataUpdate';
  return (action === undefined ? undefined : ofActions[action]) ?? step;
}
