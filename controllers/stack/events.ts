/** The story of a stack as events: what was done, and what became of it. Pure. */

import { findCondition } from '../../operator/runtime/report/conditions.ts';
import type { JtelStackStatus, Reason } from '../../crds/index.ts';
import type { ActionType } from './actions.ts';

export interface StoryEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: Reason;
  readonly note: string;
}

const actionReasons: Partial<Readonly<Record<ActionType, Reason>>> = {
  EnsureCredentials: 'CredentialsCreated',
  SetUpHost: 'HostSetUp',
  PullImages: 'ImagesPulled',
  StartDatabase: 'DatabaseStarted',
  StartLoad: 'LoadStarted',
  RecordData: 'DataLoaded',
  ApplyRelease: 'ReleaseApplied',
  StopStack: 'Stopped',
  DestroyStack: 'Destroyed',
};

/** The event of an action that succeeded; undefined for those that are only bookkeeping. */
export function actionEvent(type: ActionType, what: string, seconds: number): StoryEvent | undefined {
  const reason = actionReasons[type];
  return reason === undefined ? undefined : { type: 'Normal', reason, note: `Done in ${seconds.toFixed(1)} s: ${what}.` };
}

/** What changed for the stack as a whole between two statuses. */
export function transitionEvents(previous: JtelStackStatus | undefined, next: JtelStackStatus): readonly StoryEvent[] {
  const before = findCondition(previous?.conditions, 'Ready');
  const after = findCondition(next.conditions, 'Ready');
  const events: StoryEvent[] = [];
  if (after?.status === 'True' && before?.status !== 'True') {
    events.push({ type: 'Normal', reason: 'Healthy', note: `Release ${next.version ?? 'unknown'} is ready: ${next.componentsReady ?? '?'} containers are healthy.` });
  }
  if (before?.status === 'True' && after !== undefined && after.status !== 'True') {
    events.push({ type: 'Warning', reason: after.reason as Reason, note: after.message });
  }
  const stalledBefore = findCondition(previous?.conditions, 'Stalled');
  const stalledAfter = findCondition(next.conditions, 'Stalled');
  if (stalledAfter !== undefined && stalledAfter.reason !== stalledBefore?.reason && before?.status !== 'True') {
    events.push({ type: 'Warning', reason: stalledAfter.reason as Reason, note: stalledAfter.message });
  }
  return events;
}
