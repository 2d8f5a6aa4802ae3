/** The door of the store controller: others import only this. */
export { storeReconciler } from './reconcile.ts';
// What looks at a store without trying anything: `kubectl jtel doctor`, `jtel-operator check`.
export { observe as observeStore } from './observe/observe.ts';
export type { Observed as StoreObserved } from './observe/observed.ts';
export { immutable } from './report/immutable.ts';
