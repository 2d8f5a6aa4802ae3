/** The door of the drill controller: others import only this. */
export { drillReconciler } from './reconcile.ts';
