/** For tests of what others make of a status. */
export { summarise as summariseRestore } from './report/status.ts';
export type { Plan as RestorePlan } from './plan/actions.ts';
