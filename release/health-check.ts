/**
 * The health check of a component: what a manifest may say of it, and what compose is told. When a container counts as well is in
 * `controllers/hosts/health.ts`.
 */
import type { Component } from './generated/release.ts';

/** Each sentence goes on the name of the component. */
export function healthProblems(component: Component): readonly string[] {
  return component.kind === 'Task' && component.health !== undefined
    ? ['a Task runs once, so it has no health']
    : [];
}

/** As compose has it; undefined when the manifest names none. */
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
