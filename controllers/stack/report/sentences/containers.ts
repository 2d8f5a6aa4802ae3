/** The words for containers, services and drift; pure. */

import type { ObservedContainer } from '../../../../host-driver/host.ts';
import type { Unwell } from '../../../hosts/health.ts';
import type { Drift } from '../../findings.ts';

function describeUnwell({ service, container, isTask }: Unwell): string {
  if (container === undefined) return `${service} (missing)`;
  const { state, health, exitCode } = container;
  if (isTask === true && state === 'exited') return `${service} (ended with ${exitCode ?? 0})`;
  return state === 'running' ? `${service} (${health})` : `${service} (${state})`;
}

export function describeAll(unwell: readonly Unwell[]): string {
  return unwell.map((one) => describeUnwell(one)).join(', ');
}

/** State of a container, as a phrase. */
export function describeState({ state, health, restarts = 0, exitCode }: ObservedContainer): string {
  const how =
    state === 'running' ? health : exitCode === undefined ? state : `${state} with code ${exitCode}`;
  return restarts > 0 ? `${how}, restarted ${restarts} times` : how;
}

/** Service and state of a container, as a phrase. */
export function describeContainer(container: ObservedContainer): string {
  return `${container.service} (${describeState(container)})`;
}

export function describeDrift(drift: Drift): string {
  switch (drift.is) {
    case 'Gone':
      return `${drift.service} is gone`;
    case 'Stopped':
      return `${drift.service} is ${drift.state}`;
    case 'OtherImage':
      return `${drift.service} runs another image`;
    case 'Configured':
      return `${drift.service} was configured by hand`;
    case 'Foreign':
      return `${drift.service} does not belong here`;
    case 'HostChanged':
      if (drift.what === 'firewall') return 'the firewall was changed by hand';
      if (drift.what === 'docker-rules') return "Docker's own firewall rules are gone";
      return `${drift.what.replace(/^(files\/.{8}).*$/, '$1…')} was changed by hand`;
  }
}
