/** The door of the channel controller: others import only this. */
export { channelReconciler } from './reconcile.ts';
// What `kubectl jtel rollout plan` shows.
export { plan as planChannel } from './plan/plan.ts';
// With the plan: what a benchmark measures.
export { summarise as summariseChannel } from './report/status.ts';
export type { Stand, Standing } from './plan/stands.ts';
