/**
 * The controller runtime: API client, caches, work queue, leader election, reporting. It knows nothing of
 * jtel. Only this folder imports @kubernetes/client-node, whose KubeConfig makes every connection.
 */
export * from './objects.ts';
export * from './errors.ts';

export * from './client/api-error.ts';
export type * from './client/cluster.ts';
export * from './client/kinds.ts';
export * from './client/connection.ts';
export type { CallObserver } from './client/transport.ts';
export * from './client/cluster-client.ts';

export type * from './cache/store.ts';
export * from './cache/informer.ts';
export * from './cache/object-versions.ts';
export { cachedReads } from './cache/cached-reads.ts';

export type * from './control/reconciler.ts';
export * from './control/controller.ts';
export * from './control/activities.ts';
export * from './control/finalizer.ts';
export * from './control/wave-controller.ts';
export * from './control/leader-elector.ts';
export { Quarantine } from './control/quarantine.ts';
export { SharedTrouble } from './control/shared-trouble.ts';
export { UnexpectedErrors } from './control/unexpected-errors.ts';

export * from './report/logger.ts';
export * from './report/create-logger.ts';
export * from './report/secret-registry.ts';
export * from './report/conditions.ts';
export * from './report/status-changed.ts';
export * from './report/event-recorder.ts';
export * from './report/metrics.ts';
export * from './report/health-server.ts';
export * from './report/audit-log.ts';
