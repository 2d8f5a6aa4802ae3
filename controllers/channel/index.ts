/** The door of the channel controller: others import only this. */
export { channelReconciler } from './reconcile.ts';
// What `kubectl jtel rollout plan` shows.
export { plan as planChannel } from './plan/plan.ts';
export type { Stand, Standing } from './plan/stands.ts';
