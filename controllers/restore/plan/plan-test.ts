/**
 * A test restore: the backup goes into a scratch project of its own, only its database is started (no port of it is
 * published), what is there is counted and compared with the manifest, and everything is removed – also when it failed, when
 * the request is deleted, or when the operator was killed in between. Where it stands is seen on the host.
 */

import { isWell } from '../../hosts/health.ts';
import { annotations } from '../../../crds/index.ts';
import type { JobReport } from '../../../host-driver/host.ts';
import { compareCounts } from '../../loading/compare-counts.ts';
import { permanentReason } from '../../loading/job-failures.ts';
import { afterLoadJob, pauseLeft } from '../../times/pauses.ts';
import type { Action, Check, Plan, PlanInput, Scratch } from '../model.ts';
import { obstacle, wait, waitOrFail } from './obstacles.ts';
import { patienceSeconds, withPatience } from './patience.ts';

/** The check that says how the test went; once it is noted, only cleaning up is left. */
export const verification = 'Verification';

const lookSeconds = 3;

export function planTest(input: PlanInput): Plan {
  const planned = withPatience(input, next(input));
  const hasBegun = input.restore.status?.testHost !== undefined;
  // What ends it in the middle, such as a backup that is gone, leaves nothing behind either.
  return planned.kind === 'Fail' && hasBegun ? (cleanUp(input) ?? planned) : planned;
}

function next(input: PlanInput): Plan {
  const { restore, observed } = input;
  const { scratch } = observed;
  if (restore.metadata.deletionTimestamp !== undefined) return cleanUp(input) ?? { kind: 'LetGo' };
  const noted = restore.status?.checks?.find(({ name }) => name === verification);
  if (noted !== undefined) {
    const message = noted.message ?? '';
    return (
      cleanUp(input) ??
      (noted.result === 'Passed'
        ? { kind: 'Complete', reason: 'RestoreCompleted', message }
        : { kind: 'Fail', reason: 'VerificationFailed', message })
    );
  }
  const { testHost } = restore.status ?? {};
  if (observed.stack === undefined && testHost !== undefined)
    return {
      kind: 'Fail',
      reason: 'StackNotFound',
      message: `JtelStack ${restore.spec.stackRef.name} was deleted while its backup was tested on ${testHost.address}.`,
    };
  const blocked = obstacle(restore, observed);
  if (blocked !== undefined) return blocked;
  if (observed.checked === undefined) return wait('Pending', 'NotChecked', 'Not checked yet.');
  if (observed.checked.problem !== undefined) return waitOrFail(observed.checked.problem);
  if (scratch === undefined)
    return wait('Checking', 'NotChecked', 'The scratch project was not looked at yet.');
  if (!scratch.host.ok) return wait('Checking', scratch.host.reason, scratch.host.message);
  if (scratch.host.value.facts.dockerVersion === undefined)
    return act('Checking', [{ type: 'SetUpHost' }], 'setting up the host of the test');
  return load(input, scratch);
}

function load(input: PlanInput, scratch: Scratch): Plan {
  const { restore } = scratch;
  switch (restore?.job.state) {
    case 'Succeeded':
      return start(input, scratch);
    case 'Failed':
      return failed(input, restore, 'The backup could not be restored');
    case 'Running': {
      const { step = 'starting', percent = 0 } = restore.progress ?? {};
      return wait(
        'Loading',
        'LoadingData',
        `restoring into ${scratch.project}: ${step}, ${percent} %`,
        lookSeconds,
        Math.floor(percent),
      );
    }
    default:
      return act(
        'Loading',
        [{ type: 'WriteRelease' }, { type: 'PullImages' }, { type: 'StartRestore' }],
        `restoring into ${scratch.project}`,
      );
  }
}

function start(input: PlanInput, scratch: Scratch): Plan {
  const { databaseService, count, project } = scratch;
  const containers = scratch.host.ok ? scratch.host.value.containers : [];
  const database = containers.find(({ service }) => service === databaseService);
  if (count === undefined || count.job.state === 'Created') {
    if (database?.state !== 'running')
      return isLate(input)
        ? note(false, `${databaseService} does not stay up on the restored data.`)
        : act('Starting', [{ type: 'StartDatabase' }], `starting ${databaseService} of ${project}`);
    if (!isWell(database)) {
      return isLate(input)
        ? note(false, `${databaseService} did not become healthy on the restored data.`)
        : wait('Starting', 'WaitingForHealth', `waiting for ${databaseService} of ${project}`, lookSeconds);
    }
    return act('Starting', [{ type: 'StartCount' }], 'counting what was restored');
  }
  switch (count.job.state) {
    case 'Succeeded':
      return compared(input, count);
    case 'Failed':
      return failed(input, count, 'What was restored could not be read');
    default:
      return wait('Starting', 'LoadingData', 'counting what was restored', lookSeconds);
  }
}

function compared({ observed, restore, now }: PlanInput, count: JobReport): Plan {
  const manifest = observed.checked?.manifest;
  if (manifest === undefined) return wait('Starting', 'NotChecked', 'The manifest was not read yet.');
  const { differences, summary } = compareCounts(manifest, count.result);
  if (differences.length > 0)
    return note(false, `What was restored is not what was backed up: ${differences.slice(0, 5).join('; ')}.`);
  const seconds = Math.round(
    (now.getTime() - Date.parse(restore.status?.startTime ?? now.toISOString())) / 1000,
  );
  return note(true, `Restored, started and counted in ${seconds} s: ${summary}.`);
}

function failed(input: PlanInput, report: JobReport, what: string): Plan {
  const { message = `exit code ${report.job.exitCode ?? 'unknown'}` } = report.error ?? {};
  if (permanentReason(report.error) !== undefined || isLate(input)) return note(false, `${what}: ${message}`);
  const leftSeconds = pauseBeforeNextTry(input, report);
  if (leftSeconds > 0) {
    const said = `${what}: ${message} It is tried again in ${leftSeconds} s.`;
    return { ...wait('Loading', 'JobFailed', said, leftSeconds), trouble: true };
  }
  return act('Loading', [{ type: 'RemoveJob', uid: report.job.uid }], `trying again: ${message}`);
}

/** As long as was tried so far, so that the pauses grow without being counted: ten tries in an hour or so. */
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

/** Until nothing of the scratch project is left; undefined when nothing is. */
function cleanUp({ restore, observed }: PlanInput): Plan | undefined {
  const { scratch } = observed;
  if (scratch === undefined) return undefined;
  if (!scratch.host.ok) {
    if (restore.metadata.annotations?.[annotations.abandonHost] === 'true') return undefined;
    return wait(
      restore.status?.phase ?? 'Pending',
      scratch.host.reason,
      `The scratch project ${scratch.project} cannot be removed: ${scratch.host.message} To let it go, annotate the JtelRestore with ${annotations.abandonHost}=true.`,
    );
  }
  const { state, containers, jobs, volumes } = scratch.host.value;
  if (state === undefined && containers.length === 0 && jobs.length === 0 && volumes.length === 0)
    return undefined;
  return act(
    restore.status?.phase ?? 'Starting',
    [{ type: 'DestroyScratch' }],
    `removing ${scratch.project}`,
  );
}

function note(passed: boolean, message: string): Plan {
  const check: Check = {
    name: verification,
    result: passed ? 'Passed' : 'Failed',
    message: message.slice(0, 1024),
  };
  return { kind: 'Note', phase: 'Starting', checks: [check], message: message.slice(0, 1024) };
}

function act(
  phase: Extract<Plan, { kind: 'Act' }>['phase'],
  actions: readonly Action[],
  message: string,
): Plan {
  return { kind: 'Act', phase, wave: [{ type: 'ClaimHost' }, ...actions], message };
}
