/** The story of a stack as events: what was done, and what became of it. Pure. */

import { findCondition } from '../../operator/runtime/report/conditions.ts';
import type { JtelStackStatus, Reason } from '../../crds/index.ts';
import type { ActionType } from './actions.ts';

export interface StoryEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: Reason;
  readonly note: string;
}

/** Only what a person would want to read; the rest is bookkeeping, and in the log. */
const stories: { readonly [T in ActionType]?: { readonly reason: Reason; readonly what: string } } = {
  EnsureCredentials: { reason: 'CredentialsCreated', what: 'Generated credentials were stored' },
  SetUpHost: { reason: 'HostSetUp', what: 'The host was set up' },
  PullImages: { reason: 'ImagesPulled', what: 'All images of the release were pulled' },
  StartDatabase: { reason: 'DatabaseStarted', what: 'The database was started to be loaded' },
  StartLoad: { reason: 'LoadStarted', what: 'The job that loads the data was started' },
  ApplyRelease: { reason: 'ReleaseApplied', what: 'docker compose brought the containers to the release' },
  StopStack: { reason: 'Stopped', what: 'The containers were stopped' },
  DestroyStack: { reason: 'Destroyed', what: 'Containers, volumes and files were removed' },
};

/** The event of an action that succeeded; undefined for those that are only bookkeeping. */
export function actionEvent(type: ActionType, seconds: number): StoryEvent | undefined {
  const story = stories[type];
  return story === undefined ? undefined : { type: 'Normal', reason: story.reason, note: `${story.what} in ${seconds.toFixed(1)} s.` };
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
    // A change that somebody asked for is no cause for alarm.
    events.push({ type: after.reason === 'Applying' ? 'Normal' : 'Warning', reason: after.reason as Reason, note: after.message });
  }
  const loaded = findCondition(next.conditions, 'DataLoaded');
  if (loaded?.status === 'True' && findCondition(previous?.conditions, 'DataLoaded')?.status === 'False') {
    events.push({ type: 'Normal', reason: 'DataLoaded', note: `The data was loaded completely. ${loaded.message}` });
  }
  const stalledBefore = findCondition(previous?.conditions, 'Stalled');
  const stalledAfter = findCondition(next.conditions, 'Stalled');
  if (stalledAfter !== undefined && stalledAfter.reason !== stalledBefore?.reason && before?.status !== 'True') {
    events.push({ type: 'Warning', reason: stalledAfter.reason as Reason, note: stalledAfter.message });
  }
  return events;
}
