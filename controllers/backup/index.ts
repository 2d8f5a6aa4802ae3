/** The door of the backup controller: others import only this. */
export { defaultLimits, type Committed, type Limits } from './model.ts';
export { backupReconciler } from './reconcile.ts';
// The parts that campaigns drive by themselves.
export { commit, type CommitOptions } from './act/commit.ts';
export { knownParts } from './act/job.ts';
export { newestManifest } from './observe/history.ts';
export { plan } from './plan/plan.ts';
