/** The door of the backup controller: others import only this. */
export { defaultBounds, defaultLimits, type Limits } from './desired/limits.ts';
export { isFinished } from './desired/request.ts';
export type { Bounds } from './places/grant.ts';
export { Places } from './places/places.ts';
export { backupReconciler } from './reconcile.ts';
// The parts that campaigns drive by themselves.
export { commit, type Committed, type CommitOptions } from './act/commit.ts';
export { knownParts } from './act/job.ts';
export { plan } from './plan/plan.ts';
export { describe } from './report/sentences.ts';
