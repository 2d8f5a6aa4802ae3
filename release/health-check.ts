/**
 * The health check of a component: what a manifest may say about it, and what compose gets.
 * `controllers/hosts/health.ts` decides when a container counts as well.
 */
import type { Component } from './generated/release.ts';

/** Each sentence follows the component's name. */
export function healthProblems(component: Component): readonly string[] {
  return component.kind === 'Task' && component.health !== undefined
    ? ['a Task runs once, so it has no health']
    : [];
}

/** In compose's form. Undefined if the manifest names none. */
export function healthCheck(component: Component): Record<string, unknown> | undefined {
  const { health } = component;
  if (health === undefined) return undefined;
  return {
    test: ['CMD', ...health.command],
    interval: `${health.intervalSeconds ?? 10}s`,
    timeout: `${health.timeoutSeconds ?? 5}s`,
    retries: health.retries ?? 3,
    start_period: `${health.startPeriodSeconds ?? 0}s`,
    ...(health.startIntervalSeconds === undefined
      ? {}
      : { start_interval: `${health.startIntervalSeconds}s` }),
  };
}
