/** When a service counts as well: the one rule for starting, updating, restoring and what a status says. Pure. */
import type { HostObservation, ObservedContainer } from '../../host-driver/host.ts';
import { optional } from '../../base/optional.ts';

/** Without a health check it is enough that it runs. */
export function isWell({ state, health }: { readonly state?: string; readonly health?: string }): boolean {
  return state === 'running' && (health === 'healthy' || health === 'none');
}

/** Runs, or may run again by itself. */
export function isUp({ state }: Pick<ObservedContainer, 'state'>): boolean {
  return state !== 'exited' && state !== 'created';
}

/** Runs once, and ended well, as far as is known: only a full look tells how it ended. */
export function isDone(
  { service, state, exitCode = 0 }: Pick<ObservedContainer, 'service' | 'state' | 'exitCode'>,
  tasks: readonly string[],
): boolean {
  return tasks.includes(service) && state === 'exited' && exitCode === 0;
}

/** A service that is not as it should be; without a container where there is none. */
export interface Unwell {
  readonly service: string;
  readonly container?: Pick<ObservedContainer, 'state' | 'health' | 'exitCode'>;
  /** Runs once: done when it ended with 0. */
  readonly isTask?: true;
}

/**
 * Services that are not yet, or no longer, as they should be.
 * @param tasks those of them that run once: done when they ended with 0
 */
export function findUnhealthy(
  host: HostObservation,
  services: readonly string[],
  tasks: readonly string[] = [],
): readonly Unwell[] {
  return services.flatMap((service): readonly Unwell[] => {
    const found = host.containers.find((candidate) => candidate.service === service);
    if (found === undefined) return [{ service }];
    const { state, health, exitCode } = found;
    const container = { state, health, ...optional({ exitCode }) };
    if (isDone(found, tasks)) return [];
    if (tasks.includes(service) && state === 'exited') return [{ service, container, isTask: true }];
    return isWell(found) ? [] : [{ service, container }];
  });
}
