/** The story of a stack as events: what was done, and what became of it. Pure. */

import { findCondition } from '../../../runtime/report/conditions.ts';
import type { StoryEvent } from '../../../runtime/report/event-recorder.ts';
import { isReason, type JtelStackStatus, type Reason } from '../../../crds/index.ts';
import { optional } from '../../../base/optional.ts';
import type { ActionType } from '../actions.ts';
import type { DataSource } from '../model.ts';
import type { Revision, RevisionOutcome } from '../desired/revisions.ts';
import { describe } from './sentences/index.ts';

interface Story {
  readonly reason: Reason;
  readonly what: string;
  /** Told with what follows when it was over in a moment. */
  readonly isRoutine?: true;
}

/** Only what a person would want to read; the rest is bookkeeping, and in the log. */
const stories: { readonly [T in ActionType]?: Story } = {
  EnsureCredentials: {
    reason: 'CredentialsCreated',
    what: 'Generated credentials were stored',
    isRoutine: true,
  },
  RecoverCredentials: {
    reason: 'CredentialsRecovered',
    what: 'The Secret with the generated credentials was gone or incomplete; they were read back from the host and stored',
  },
  SetUpHost: { reason: 'HostSetUp', what: 'The host was set up', isRoutine: true },
  PullImages: { reason: 'ImagesPulled', what: 'All images of the release were pulled', isRoutine: true },
  StartDatabase: {
    reason: 'DatabaseStarted',
    what: 'The database was started to be loaded',
    isRoutine: true,
  },
  StartLoad: { reason: 'LoadStarted', what: 'The job that loads the data was started', isRoutine: true },
  StartImport: {
    reason: 'LoadStarted',
    what: 'The job that imports the old database was started',
    isRoutine: true,
  },
  SwitchVolumes: { reason: 'DataLoaded', what: 'The volumes with the other data were put in place' },
  ApplyRelease: {
    reason: 'ReleaseApplied',
    what: 'docker compose brought the containers to the release',
    isRoutine: true,
  },
  StopStack: { reason: 'Stopped', what: 'The containers were stopped' },
  DestroyStack: { reason: 'Destroyed', what: 'Containers, volumes and files were removed' },
  DestroyFormer: {
    reason: 'Destroyed',
    what: 'On the host before the move, containers, volumes and files were removed',
  },
};

/** What takes less is told with what follows. */
const worthAnEventSeconds = 2;

/** The event of an action that succeeded; undefined for those that are only bookkeeping. */
export function actionEvent(type: ActionType, seconds: number): StoryEvent<Reason> | undefined {
  const story = stories[type];
  return story === undefined
    ? undefined
    : {
        type: 'Normal',
        reason: story.reason,
        note: `${story.what} in ${seconds.toFixed(1)} s.`,
        isBrief: story.isRoutine === true && seconds < worthAnEventSeconds,
      };
}

/** Reasons for not being Ready that somebody asked for. */
const calm: ReadonlySet<string> = new Set<Reason>([
  'Applying',
  'Updating',
  'WaitingForBackup',
  'Stopping',
  'Stopped',
  'Suspended',
]);

const longestNote = 1000;

/** The end of a log, for whoever looks at the events first. Secrets are masked by the recorder. */
export function logEvent(service: string, lines: string, file: string): StoryEvent<Reason> {
  const begin = `Last lines of ${service} (more in ${file} on the host):\n`;
  return {
    type: 'Warning',
    reason: 'HealthGateFailed',
    note: begin + lines.trimEnd().slice(-(longestNote - begin.length)),
  };
}

/** How a change ended; undefined when nothing was done for it. `sentences/change.ts` has the words. */
export function outcomeEvent(
  { attempt, spec, number }: Revision,
  { result, reason = 'HealthGateFailed', ...outcome }: RevisionOutcome,
): StoryEvent<Reason> | undefined {
  if (attempt === undefined) return undefined;
  const { action } = attempt;
  const { message, backTo, downtimeSeconds, restoreRef } = outcome;
  const note = describe({
    is: 'ChangeEnded',
    result,
    change: { action, revision: number, version: spec.version },
    restoresData: restoreRef !== undefined,
    ...optional({ message, backTo, downtimeSeconds }),
  }).slice(0, longestNote);
  switch (result) {
    case 'Succeeded':
      // That all are healthy is told in the same moment; an update is looked for by its reason.
      return action === 'Update'
        ? { type: 'Normal', reason: 'Updated', note }
        : { type: 'Normal', reason: 'Applied', note, isBrief: true };
    case 'RolledBack':
      return { type: 'Normal', reason: 'RolledBack', note };
    case 'RollingBack':
    case 'Held':
      return { type: 'Warning', reason, note };
  }
}

/** With which backup a stack begins, when newer ones were skipped: once, with the status that notes the choice. */
export function choiceEvent(
  previous: JtelStackStatus | undefined,
  next: JtelStackStatus,
  note: DataSource['note'],
): readonly StoryEvent<Reason>[] {
  const isNew = next.data?.state === 'Incomplete' && next.data.backupID !== previous?.data?.backupID;
  return isNew && note !== undefined ? [{ type: 'Warning', reason: note.reason, note: note.message }] : [];
}

/** What changed for the stack as a whole between two statuses. */
export function transitionEvents(
  previous: JtelStackStatus | undefined,
  next: JtelStackStatus,
): readonly StoryEvent<Reason>[] {
  const before = findCondition(previous?.conditions, 'Ready');
  const after = findCondition(next.conditions, 'Ready');
  const events: StoryEvent<Reason>[] = [];
  if (after?.status === 'True' && before?.status !== 'True' && after.reason === 'Stopped') {
    events.push({ type: 'Normal', reason: 'Stopped', note: after.message });
  } else if (after?.status === 'True' && before?.status !== 'True') {
    events.push({
      type: 'Normal',
      reason: 'Healthy',
      note: `Release ${next.version ?? 'unknown'} is ready: ${next.componentsReady ?? '?'} containers are healthy.`,
    });
  }
  // A container that is killed can be seen on its way out, as an unhealthy one: that it is put back is told all the same.
  const driftsNow = after?.reason === 'Drifted' && before !== undefined && before.reason !== 'Drifted';
  if (after !== undefined && after.status !== 'True' && (before?.status === 'True' || driftsNow)) {
    // A change that somebody asked for is no cause for alarm.
    events.push({
      type: calm.has(after.reason) ? 'Normal' : 'Warning',
      reason: after.reason as Reason,
      note: after.message,
    });
  }
  const loaded = findCondition(next.conditions, 'DataLoaded');
  if (loaded?.status === 'True' && findCondition(previous?.conditions, 'DataLoaded')?.status === 'False') {
    events.push({
      type: 'Normal',
      reason: 'DataLoaded',
      note: `The data was loaded completely. ${loaded.message}`,
    });
  }
  const trouble = loadTrouble(previous, next);
  if (trouble !== undefined) events.push(trouble);
  const [failedBefore, failedNow] = [previous?.dataOrder, next.dataOrder];
  const failures = failedNow?.failures ?? 0;
  // Beside data that are in use, a failing load takes nothing away.
  if (
    loaded?.status === 'True' &&
    failures > (failedBefore?.requestUID === failedNow?.requestUID ? (failedBefore?.failures ?? 0) : 0)
  ) {
    const note = `JtelRestore ${failedNow?.requestRef?.name ?? ''}: ${failedNow?.message ?? ''}`;
    events.push({
      type: 'Warning',
      reason: isReason(failedNow?.reason ?? '') ? (failedNow?.reason as Reason) : 'RestoreFailed',
      note,
    });
  }
  const stalledBefore = findCondition(previous?.conditions, 'Stalled');
  const stalledAfter = findCondition(next.conditions, 'Stalled');
  if (
    stalledAfter !== undefined &&
    stalledAfter.reason !== stalledBefore?.reason &&
    before?.status !== 'True'
  ) {
    events.push({ type: 'Warning', reason: stalledAfter.reason as Reason, note: stalledAfter.message });
  }
  return events;
}

/** While data are on their way this is no trouble. */
const onTheWay: ReadonlySet<string> = new Set<Reason>([
  'LoadingData',
  'Restoring',
  'Pending',
  'RestoreWaits',
  'HostStateUnknown',
]);

/** A load that failed and is tried again: told at its first failure, not when it is given up. What is given up is `Stalled`. */
function loadTrouble(
  previous: JtelStackStatus | undefined,
  next: JtelStackStatus,
): StoryEvent<Reason> | undefined {
  const [before, after] = [previous, next].map((status) => findCondition(status?.conditions, 'DataLoaded'));
  if (
    after?.status !== 'False' ||
    onTheWay.has(after.reason) ||
    findCondition(next.conditions, 'Stalled') !== undefined
  )
    return undefined;
  if (before?.reason === after.reason && before.message === after.message) return undefined;
  return {
    type: 'Warning',
    reason: after.reason as Reason,
    note: `The data were not loaded: ${after.message}`,
  };
}
