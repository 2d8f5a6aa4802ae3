/** The door of the restore controller: others import only this. */
export { restoreReconciler } from './reconcile.ts';
