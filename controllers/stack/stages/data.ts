/**
 * The stage that loads data, the most dangerous act there is. The planner only decides *whether to ask*: the load job itself
 * looks at database and files, proves that they are empty, and refuses otherwise (see docs/decisions).
 */

import type { Reason } from '../../../crds/index.ts';
import type { Plan, PlanInput } from '../model.ts';
import { act, preparations } from './act.ts';

/** Before a load that failed is tried again; what failed is mostly a network or a store. */
const retrySeconds = 60;
/** Before we look again at data that should not be there: a person has to decide. */
const objectionSeconds = 300;

/** Stable over restarts and retries, so that a second start adopts the first's job and its half-loaded data. */
export function loadJobUID(stackUID: string): string {
  return `${stackUID}-load`;
}

export function dataStage(input: PlanInput): Plan | undefined {
  const { stack, observed, now } = input;
  if (!observed.host.ok || !observed.release.ok || observed.desired === undefined) return undefined;
  const { state, containers } = observed.host.value;
  if (state?.data !== undefined) return undefined;

  if (observed.loadObjection !== undefined) return blocked(observed.loadObjection.reason, observed.loadObjection.message, true, objectionSeconds);
  const source = observed.release.value.vanillaSource;
  if (source === undefined) {
    return blocked('ReleaseInvalid', `Release ${observed.release.value.version} has no vanilla data to begin with.`, true, objectionSeconds);
  }

  const uid = loadJobUID(stack.metadata.uid);
  const report = observed.load;
  if (report?.job.state === 'Succeeded') {
    return act(input, 'Data', [{ type: 'RecordData', source }], 'data is loaded');
  }
  if (report?.job.state === 'Failed') {
    const reason = report.error?.reason === 'DataNotEmpty' ? 'DataNotEmpty' : 'JobFailed';
    const message = report.error?.message ?? `The load job failed with exit code ${report.job.exitCode ?? 'unknown'}.`;
    const pauseSeconds = reason === 'DataNotEmpty' ? objectionSeconds : retrySeconds;
    const nowSeconds = now.getTime() / 1000 + observed.host.value.facts.clockSkewSeconds;
    const leftSeconds = Math.ceil((report.job.finishedSeconds ?? nowSeconds) + pauseSeconds - nowSeconds);
    if (leftSeconds > 0) return blocked(reason, message, reason === 'DataNotEmpty', leftSeconds);
    return act(input, 'Data', [{ type: 'RemoveJob', uid }], 'trying the load again');
  }
  if (report?.job.state === 'Running') {
    const { percent, step } = report.progress ?? { percent: 0, step: 'starting' };
    return { kind: 'Wait', step: 'Data', reason: 'LoadingData', message: `loading data from ${source}: ${step}, ${percent} %`, afterSeconds: 2 };
  }

  const wanted = observed.desired.release;
  const databaseServices = observed.release.value.databaseServices;
  const databaseReady = databaseServices.every((service) =>
    containers.some((container) => container.service === service && container.state === 'running' && container.health === 'healthy'),
  );
  if (databaseReady) return act(input, 'Data', [{ type: 'StartLoad' }], `loading data from ${source}`);
  const started = databaseServices.every((service) => containers.some((container) => container.service === service && container.state === 'running'));
  if (started) {
    return { kind: 'Wait', step: 'Data', reason: 'WaitingForHealth', message: `waiting for ${databaseServices.join(', ')} to be healthy`, afterSeconds: 2 };
  }
  return act(
    input,
    'Data',
    [...preparations(observed.host.value, wanted), { type: 'StartDatabase', services: databaseServices }],
    'preparing to load data',
  );
}

function blocked(reason: Reason, message: string, stalled: boolean, afterSeconds: number): Plan {
  return { kind: 'Blocked', step: 'Data', condition: 'DataLoaded', reason, message, stalled, afterSeconds };
}
