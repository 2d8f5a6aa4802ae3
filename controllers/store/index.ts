/** The door of the store controller: others import only this. */
export { storeReconciler } from './reconcile.ts';
