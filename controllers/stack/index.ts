/** The door of the stack controller: others import only this. */
export { stackReconciler } from './reconcile.ts';
export type { Progress } from './act/execute.ts';
export { BackupSource } from './observe/data-source.ts';
export { HostWatcher } from './observe/watch-hosts.ts';
export { withBackupHealth } from './report/backup-health.ts';
// What asks without acting: `kubectl jtel plan`, `jtel-operator host script`, benchmarks.
export { hostSetup } from './desired/host-setup.ts';
export { withWorkload } from './desired/effective.ts';
export { lookAt, type Look, type LookDependencies } from './look.ts';
export { plan } from './plan/plan.ts';
export { hostRemarks } from './report/host-remarks.ts';
export { describeAction, describeCause } from './report/sentences/actions.ts';
export { describe } from './report/sentences/index.ts';
// The change log, for those who show it or set one up.
export { noteOnRevision, recordRevision } from './act/revisions.ts';
export {
  revisionsOf,
  revisionsWith,
  type RecordedStep,
  type Revision,
  type RevisionOutcome,
} from './desired/revisions.ts';
export { listRevisions } from './observe/revisions.ts';
