/** The stages of a stack that has its data: the wanted release is applied, nothing drifted, everything is healthy. */

import type { HostObservation, ObservedContainer } from '../../../host-driver/host.ts';
import type { Action } from '../actions.ts';
import type { Plan, PlanInput } from '../model.ts';
import { act, preparations } from './act.ts';

export function applyStage(input: PlanInput): Plan | undefined {
  const { observed } = input;
  if (!observed.host.ok || observed.desired === undefined) return undefined;
  const { state, currentRelease } = observed.host.value;
  const wanted = observed.desired.release;
  if (state?.applied?.digest === wanted.digest && currentRelease === wanted.digest) return undefined;
  const wave: readonly Action[] = [
    ...preparations(observed.host.value, wanted),
    { type: 'ApplyRelease' },
    { type: 'RecordApplied' },
  ];
  return act(input, 'Apply', wave, `applying release ${wanted.version}`);
}

/** What differs from what was read back after the last successful apply; each entry a phrase for people. */
export function findDrift(host: HostObservation): readonly string[] {
  const applied = host.state?.applied;
  if (applied === undefined) return [];
  const drift: string[] = [];
  for (const service of applied.services) {
    const container = host.containers.find((candidate) => candidate.service === service.service);
    if (container === undefined) drift.push(`${service.service} is gone`);
    else if (isStopped(container)) drift.push(`${service.service} is ${container.state}`);
    else if (container.imageID !== service.imageID) drift.push(`${service.service} runs another image`);
    // A compose upgrade changes every hash without anybody having touched anything: that is not drift.
    else if (container.configHash !== service.configHash && applied.composeVersion === host.facts.composeVersion) {
      drift.push(`${service.service} was configured by hand`);
    }
  }
  for (const container of host.containers) {
    if (!applied.services.some((service) => service.service === container.service)) drift.push(`${container.service} does not belong here`);
  }
  return drift;
}

function isStopped(container: ObservedContainer): boolean {
  return container.state === 'exited' || container.state === 'dead' || container.state === 'created' || container.state === 'paused';
}

export function driftStage(input: PlanInput): Plan | undefined {
  const { stack, observed } = input;
  if (!observed.host.ok || observed.desired === undefined || stack.spec.drift !== 'Correct') return undefined;
  const drift = findDrift(observed.host.value);
  if (drift.length === 0) return undefined;
  return act(input, 'Repair', [...preparations(observed.host.value, observed.desired.release), { type: 'ApplyRelease' }, { type: 'RecordApplied' }], `correcting drift: ${drift.join(', ')}`);
}

/** Services that are not yet (or no longer) as they should be, with their state. */
export function findUnhealthy(host: HostObservation, services: readonly string[]): readonly string[] {
  return services.flatMap((service) => {
    const container = host.containers.find((candidate) => candidate.service === service);
    if (container === undefined) return [`${service} (missing)`];
    if (container.state !== 'running') return [`${service} (${container.state})`];
    return container.health === 'healthy' || container.health === 'none' ? [] : [`${service} (${container.health})`];
  });
}

export function healthStage({ stack, observed }: PlanInput): Plan | undefined {
  if (!observed.host.ok || observed.desired === undefined) return undefined;
  const unhealthy = findUnhealthy(observed.host.value, observed.desired.release.services);
  if (unhealthy.length === 0) return undefined;
  const broke = stack.status?.phase === 'Ready' || stack.status?.phase === 'Degraded';
  return { kind: 'Wait', step: 'Health', reason: broke ? 'ComponentsUnhealthy' : 'WaitingForHealth', message: `waiting for ${unhealthy.join(', ')}`, afterSeconds: 5 };
}

/** Only once everything is well: the finished job goes, and releases that nobody would go back to. */
export function cleanUpStage(input: PlanInput): Plan | undefined {
  const { observed } = input;
  if (!observed.host.ok || observed.desired === undefined) return undefined;
  const host = observed.host.value;
  const wave: Action[] = [];
  // The data are loaded, so whatever loaded or checked them has done its work.
  for (const { uid, type } of host.jobs) if (type === 'load' || type === 'restore') wave.push({ type: 'RemoveJob', uid });
  const wanted = observed.desired.release.digest;
  if (host.releases.length > 2) wave.push({ type: 'PruneReleases', keep: [wanted] });
  return wave.length === 0 ? undefined : act(input, 'CleanUp', wave, 'cleaning up');
}
