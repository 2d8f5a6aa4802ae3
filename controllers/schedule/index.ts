/** The door of the schedule controller: others import only this. */
export { cronJob, type SchedulePods } from './desired/cron-job.ts';
export { surplusBackups } from './plan/prune.ts';
export { ScheduleReconciler, scheduleAside } from './reconcile.ts';
