/** When a service counts as well: the one rule for starting, updating, restoring and what a status says. Pure. */
import type { HostObservation, ObservedContainer } from '../../host-driver/host.ts';

/** Without a health check it is enough that it runs. */
export function isWell({ state, health }: Pick<ObservedContainer, 'state' | 'health'>): boolean {
  return state === 'running' && (health === 'healthy' || health === 'none');
}

/**
 * Services that are not yet, or no longer, as they should be, each with its state.
 * @param tasks those of them that run once: done when they ended with 0
 */
export function findUnhealthy(
  host: HostObservation,
  services: readonly string[],
  tasks: readonly string[] = [],
): readonly string[] {
  return services.flatMap((service) => {
    const container = host.containers.find((candidate) => candidate.service === service);
    if (container === undefined) return [`${service} (missing)`];
    const { state, health, exitCode } = container;
    if (tasks.includes(service) && state === 'exited')
      return exitCode === undefined || exitCode === 0 ? [] : [`${service} (ended with ${exitCode})`];
    if (isWell(container)) return [];
    return [`${service} (${state === 'running' ? health : state})`];
  });
}
