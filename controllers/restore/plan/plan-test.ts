/**
 * A test restore; pure. The backup goes into a scratch project of its own, and only its database is started; no port of it is
 * published. What is there is counted and compared with the manifest, and the smoke checks of the release are asked. Then
 * everything is removed, also when the test failed, when the request is deleted, or when the operator was killed in between.
 * The host shows how far it is.
 */

import { annotations } from '../../../crds/index.ts';
import type { JobReport } from '../../../host-driver/host.ts';
import { isWell } from '../../hosts/health.ts';
import { compareCounts } from '../../loading/compare-counts.ts';
import { permanentReason } from '../../loading/job-failures.ts';
import { afterLoadJob, pauseLeft } from '../../times/pauses.ts';
import { verification } from '../desired/request.ts';
import type { Scratch } from '../observe/observed.ts';
import type { Plan, PlanInput } from './actions.ts';
import type { Facts, FailedJob, TestResult } from './findings.ts';
import { told } from '../../inputs/outcome.ts';
import { obstacle, wait, waitOrFail } from './obstacles.ts';
import { patienceSeconds, withPatience } from './patience.ts';
import { planSmoke } from './plan-smoke.ts';
import { act, lookSeconds, note } from './test-steps.ts';
import { optional } from '../../../base/optional.ts';

export function planTest(input: PlanInput): Plan {
  const planned = withPatience(input, next(input));
  const hasBegun = input.restore.status?.testHost !== undefined;
  // A test that ends in the middle, for instance because the backup is gone, leaves nothing behind either.
  return planned.kind === 'Fail' && hasBegun ? (cleanUp(input) ?? unlessBusy(input, planned)) : planned;
}

/** What a wave is about to make would stay for good. */
function unlessBusy({ restore, isBusy = false }: PlanInput, planned: Plan): Plan {
  const notYet = { reason: 'NotChecked', facts: { is: 'ScratchNotLookedAt' } } as const;
  return isBusy ? wait(restore.status?.phase ?? 'Loading', notYet, lookSeconds) : planned;
}

function next(input: PlanInput): Plan {
  const { restore, observed } = input;
  const { scratch } = observed;
  if (restore.metadata.deletionTimestamp !== undefined)
    return cleanUp(input) ?? unlessBusy(input, { kind: 'LetGo' });
  const noted = restore.status?.checks?.find(({ name }) => name === verification);
  if (noted !== undefined) {
    const facts: Facts = { is: 'Told', message: noted.message ?? '' };
    return (
      cleanUp(input) ??
      (noted.result === 'Passed'
        ? { kind: 'Complete', reason: 'RestoreCompleted', facts }
        : { kind: 'Fail', reason: 'VerificationFailed', facts })
    );
  }
  const { testHost } = restore.status ?? {};
  if (observed.stack === undefined && testHost !== undefined) {
    const facts: Facts = {
      is: 'StackGoneInTest',
      stack: restore.spec.stackRef.name,
      address: testHost.address,
    };
    return { kind: 'Fail', reason: 'StackNotFound', facts };
  }
  const { foreign } = observed;
  if (foreign !== undefined)
    return { kind: 'Fail', reason: 'TestHostRefused', facts: { is: 'ForeignTestHost', owner: foreign } };
  const drill = restore.spec.test?.drillRef?.name;
  if (drill !== undefined && scratch === undefined)
    return wait('Pending', { reason: 'DrillTurnMissing', facts: { is: 'NoDrillTurn', drill } });
  const blocked = obstacle(restore, observed);
  if (blocked !== undefined) return blocked;
  if (observed.checked === undefined)
    return wait('Pending', { reason: 'NotChecked', facts: { is: 'NotChecked' } });
  const { problem } = observed.checked;
  if (problem !== undefined)
    return waitOrFail({ reason: problem.reason, facts: { is: 'Check', facts: problem.facts } });
  if (scratch === undefined)
    return wait('Checking', { reason: 'NotChecked', facts: { is: 'ScratchNotLookedAt' } });
  if (!scratch.host.ok) return wait('Checking', told(scratch.host));
  if (scratch.host.value.facts.dockerVersion === undefined)
    return act('Checking', [{ type: 'SetUpHost', cause: 'NoDocker' }]);
  return load(input, scratch);
}

function load(input: PlanInput, scratch: Scratch): Plan {
  const { restore, project } = scratch;
  switch (restore?.job.state) {
    case 'Succeeded':
      return start(input, scratch, restore);
    case 'Failed':
      return failed(input, restore, 'Restore');
    case 'Running': {
      const { step = 'starting', percent = 0 } = restore.progress ?? {};
      const facts: Facts = { is: 'Loads', project, step, percent };
      return wait('Loading', { reason: 'LoadingData', facts }, lookSeconds, Math.floor(percent));
    }
    default:
      return act('Loading', [
        { type: 'WriteRelease', cause: 'NotLoaded' },
        { type: 'PullImages', cause: 'NotLoaded' },
        { type: 'StartRestore', cause: 'NotLoaded' },
      ]);
  }
}

function start(input: PlanInput, scratch: Scratch, loaded: JobReport): Plan {
  const { databaseService: service, count, project } = scratch;
  const containers = scratch.host.ok ? scratch.host.value.containers : [];
  const database = containers.find((container) => container.service === service);
  if (count === undefined || count.job.state === 'Created') {
    if (database?.state !== 'running')
      return isLateSince(loaded, input)
        ? note('Failed', { is: 'DatabaseNotUp', service })
        : act('Starting', [{ type: 'StartDatabase', service, cause: 'Loaded' }]);
    if (!isWell(database)) {
      if (isLateSince(loaded, input)) return note('Failed', { is: 'DatabaseNotHealthy', service });
      const facts: Facts = { is: 'DatabaseStarts', service, project };
      return wait('Starting', { reason: 'WaitingForHealth', facts }, lookSeconds);
    }
    return act('Starting', [{ type: 'StartCount', cause: 'DatabaseRuns' }]);
  }
  switch (count.job.state) {
    case 'Succeeded':
      return compared(input, scratch, count);
    case 'Failed':
      return failed(input, count, 'Count');
    default:
      return wait('Starting', { reason: 'LoadingData', facts: { is: 'Counts' } }, lookSeconds);
  }
}

function compared(input: PlanInput, scratch: Scratch, count: JobReport): Plan {
  const { observed, restore, now } = input;
  const manifest = observed.checked?.manifest;
  if (manifest === undefined)
    return wait('Starting', { reason: 'NotChecked', facts: { is: 'ManifestNotRead' } });
  const { differences, summary } = compareCounts(manifest, count.result);
  if (differences.length > 0) return note('Failed', { is: 'Differs', differences });
  const smoke = observed.checked?.smoke ?? { checks: [], services: [] };
  const checks = smoke.checks.length;
  const asked =
    checks === 0
      ? undefined
      : planSmoke(smoke, scratch, {
          isLate: () => isLateSince(count, input),
          failed: (report) => failed(input, report, 'Smoke'),
        });
  if (asked !== undefined) return asked;
  const began = Date.parse(restore.status?.startTime ?? now.toISOString());
  const seconds = Math.round((now.getTime() - began) / 1000);
  return note('Passed', { is: 'Matches', seconds, summary, checks });
}

function failed(input: PlanInput, { job, error }: JobReport, type: FailedJob['type']): Plan {
  const failure: FailedJob = { type, ...optional({ message: error?.message, exitCode: job.exitCode }) };
  const facts: TestResult = { is: 'JobFailed', job: failure };
  if (permanentReason(error) !== undefined || isLate(input)) return note('Failed', facts);
  const leftSeconds = pauseBeforeNextTry(input, { job, ...optional({ error }) });
  if (leftSeconds > 0) {
    const later: Facts = { is: 'TriedAgain', inSeconds: leftSeconds, because: facts };
    return { ...wait('Loading', { reason: 'JobFailed', facts: later }, leftSeconds), trouble: true };
  }
  return act('Loading', [{ type: 'RemoveJob', uid: job.uid, job: failure, cause: 'JobFailed' }]);
}

/** The pause is as long as all tries so far, so pauses grow and nobody counts them: some ten tries in an hour. */
function pauseBeforeNextTry({ restore, observed, now }: PlanInput, report: JobReport): number {
  const { finishedSeconds } = report.job;
  const { startTime } = restore.status ?? {};
  const host = observed.scratch?.host;
  if (finishedSeconds === undefined || startTime === undefined || host?.ok !== true) return 0;
  const skewSeconds = host.value.facts.clockSkewSeconds;
  const triedSeconds = finishedSeconds - (Date.parse(startTime) / 1000 + skewSeconds);
  const { firstSeconds, longestSeconds } = afterLoadJob;
  const pause = Math.min(longestSeconds, Math.max(firstSeconds, triedSeconds));
  return pauseLeft(report, pause, now, skewSeconds);
}

function isLate({ restore, now }: PlanInput): boolean {
  const { startTime } = restore.status ?? {};
  return startTime !== undefined && now.getTime() - Date.parse(startTime) > patienceSeconds * 1000;
}

/** Loading may take hours; what comes after a job has an hour of its own. */
function isLateSince({ job: { finishedSeconds } }: JobReport, input: PlanInput): boolean {
  const host = input.observed.scratch?.host;
  if (finishedSeconds === undefined || host?.ok !== true) return isLate(input);
  const hostSeconds = input.now.getTime() / 1000 + host.value.facts.clockSkewSeconds;
  return hostSeconds - finishedSeconds > patienceSeconds;
}

/** Removes the scratch project; undefined when nothing of it is left. */
function cleanUp({ restore, observed }: PlanInput): Plan | undefined {
  const { scratch } = observed;
  if (scratch === undefined) return undefined;
  const { project, host } = scratch;
  if (!host.ok) {
    if (restore.metadata.annotations?.[annotations.abandonHost] === 'true') return undefined;
    const { reason, message } = host;
    return wait(restore.status?.phase ?? 'Pending', {
      reason,
      facts: { is: 'ScratchLeft', project, message },
    });
  }
  const { state, containers, jobs, volumes } = host.value;
  if (state === undefined && containers.length === 0 && jobs.length === 0 && volumes.length === 0)
    return undefined;
  return act(restore.status?.phase ?? 'Starting', [{ type: 'DestroyScratch', cause: 'ScratchLeft' }]);
}
