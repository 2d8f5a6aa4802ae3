/** One look at one store: read, observe, plan, write a probe when one is due, tell. */
import type { BlobStore } from '../../blob-store/blob-store.ts';
import type { ReadRetention } from '../../blob-store/retention.ts';
import {
  storeConditionTypes,
  storeKind,
  type JtelBackupStore,
  type JtelBackupStoreStatus,
} from '../../crds/index.ts';
import type { CallOptions, Cluster } from '../../runtime/client/cluster.ts';
import { spread } from '../../runtime/control/back-off.ts';
import type { ReconcileContext, Reconciler, ReconcileResult } from '../../runtime/control/reconciler.ts';
import type { ObjectKey } from '../../runtime/objects.ts';
import { findCondition } from '../../runtime/report/conditions.ts';
import type { EventRecorder } from '../../runtime/report/event-recorder.ts';
import { openBlobs, retentionReader } from '../stores/store-access.ts';
import { execute } from './execute.ts';
import { observe } from './observe.ts';
import { checkIntervalSeconds, plan, retryIntervalSeconds } from './plan.ts';
import { problemIn, summarise } from './status.ts';

export interface StoreReconcilerOptions {
  readonly cluster: Cluster;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly clock: () => Date;
  /** Of the stacks whose backups go there. */
  readonly identitiesOf?: (store: JtelBackupStore) => readonly string[];
  /** In [0, 1): spreads the checks of many stores. */
  readonly random: () => number;
  /** Default: the real store with the credentials of its Secret. */
  readonly open?: (store: JtelBackupStore, options: CallOptions) => Promise<BlobStore>;
  /** Default: the management plane that the store names. */
  readonly retention?: (store: JtelBackupStore) => ReadRetention | undefined;
}

export class StoreReconciler implements Reconciler {
  readonly #options: StoreReconcilerOptions;

  constructor(options: StoreReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(key: ObjectKey, context: ReconcileContext): Promise<ReconcileResult | void> {
    const { cluster, clock, random } = this.#options;
    const store = await cluster.find(storeKind, key, context);
    if (store === undefined || store.metadata.deletionTimestamp !== undefined) return;

    const { signal } = context;
    const identities = [
      ...(this.#options.identitiesOf?.(store) ?? []),
      ...(store.spec.identities ?? []).filter((identity) => identity !== '*'),
    ];
    const retention = this.#options.retention?.(store) ?? retentionReader(cluster, store);
    const { observed, blobs } = await observe(
      store,
      () => this.#open(store, context),
      signal,
      identities,
      retention,
    );
    const actions = plan(store, observed, clock());
    const probed =
      blobs === undefined ? ({ kind: 'NotDue' } as const) : await execute(actions, store, blobs, signal);

    const status = summarise(store, observed, probed, clock());
    const { uid } = store.metadata;
    await cluster.applyStatus(storeKind, key, status, { uid }, context);
    this.#tell(store, status);
    const seconds = problemIn(observed, probed) === undefined ? checkIntervalSeconds : retryIntervalSeconds;
    return { requeueAfterSeconds: spread(seconds, [1, 1.1], random) };
  }

  async #open(store: JtelBackupStore, options: CallOptions): Promise<BlobStore> {
    const { open, cluster } = this.#options;
    return open === undefined ? openBlobs(cluster, store, options) : open(store, options);
  }

  /** One event per change of a condition or of its reason; that something was not tried is none. */
  #tell(store: JtelBackupStore, next: JtelBackupStoreStatus): void {
    for (const type of storeConditionTypes) {
      const before = findCondition(store.status?.conditions, type);
      const after = findCondition(next.conditions, type);
      if (
        after === undefined ||
        after.reason === 'NotChecked' ||
        (before?.status === after.status && before.reason === after.reason)
      )
        continue;
      this.#options.events.record(storeKind, store, {
        type: after.status === 'True' && after.reason !== 'BlobArchived' ? 'Normal' : 'Warning',
        reason: after.reason,
        action: 'Validate',
        note: after.message,
      });
    }
  }
}
