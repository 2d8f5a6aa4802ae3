/** What the skeleton of controllers does with a store: observe, plan, write a probe when one is due, summarise, tell. */
import type { BlobStore } from '../../blob-store/blob-store.ts';
import type { ReadRetention } from '../../blob-store/retention.ts';
import { storeConditionTypes, storeKind, type JtelBackupStore } from '../../crds/index.ts';
import type { CallOptions } from '../../runtime/client/cluster.ts';
import { spread } from '../../base/back-off.ts';
import { WaveController, type WaveOptions, type WaveTypes } from '../../runtime/control/wave-controller.ts';
import { findCondition } from '../../runtime/report/conditions.ts';
import type { EventDetails } from '../../runtime/report/event-recorder.ts';
import { openBlobs, retentionReader } from '../stores/store-access.ts';
import { execute } from './act/execute.ts';
import type { Action, Probed } from './model.ts';
import { observe } from './observe/observe.ts';
import { checkIntervalSeconds, plan, retryIntervalSeconds } from './plan/plan.ts';
import { problemIn, summarise } from './report/status.ts';

export interface StoreReconcilerOptions extends WaveOptions {
  /** Of the stacks whose backups go there. */
  readonly identitiesOf?: (store: JtelBackupStore) => readonly string[];
  /** Default: the real store with the credentials of its Secret. */
  readonly open?: (store: JtelBackupStore, options: CallOptions) => Promise<BlobStore>;
  /** Default: the management plane that the store names. */
  readonly retention?: (store: JtelBackupStore) => ReadRetention | undefined;
}

interface StoreTypes extends WaveTypes {
  readonly object: JtelBackupStore;
  readonly seen: Awaited<ReturnType<typeof observe>>;
  readonly plan: readonly Action[];
  readonly found: Probed;
}

/** A probe is over in seconds and belongs to the status, so it is written within the look and not as a wave. */
export function storeReconciler(options: StoreReconcilerOptions): WaveController<StoreTypes> {
  const { cluster, random } = options;
  const open = options.open ?? ((store, context) => openBlobs(cluster, store, context));
  return new WaveController<StoreTypes>(
    {
      kind: storeKind,
      observe: async ({ object: store }, context) => {
        const identities = [
          ...(options.identitiesOf?.(store) ?? []),
          ...(store.spec.identities ?? []).filter((identity) => identity !== '*'),
        ];
        const retention = options.retention?.(store) ?? retentionReader(cluster, store);
        return await observe(store, () => open(store, context), context.signal, identities, retention);
      },
      plan: ({ object, now }, { observed }) => plan(object, observed, now),
      within: async ({ object, plan: actions, seen: { blobs } }, { signal }) =>
        blobs === undefined ? { kind: 'NotDue' } : await execute(actions, object, blobs, signal),
      summarise: ({ object, seen, found, now }) => summarise(object, seen.observed, found, now),
      events: ({ object }, status) => storeEvents(object.status, status),
      nextLook: ({ seen, found }) =>
        spread(
          problemIn(seen.observed, found) === undefined ? checkIntervalSeconds : retryIntervalSeconds,
          [1, 1.1],
          random,
        ),
    },
    options,
  );
}

type Status = NonNullable<JtelBackupStore['status']>;

/** One event for each change of a condition or its reason. A check that was not tried makes no event. */
function storeEvents(previous: Status | undefined, next: Status): readonly EventDetails[] {
  const events: EventDetails[] = [];
  for (const type of storeConditionTypes) {
    const before = findCondition(previous?.conditions, type);
    const after = findCondition(next.conditions, type);
    if (after === undefined || after.reason === 'NotChecked') continue;
    if (before?.status === after.status && before.reason === after.reason) continue;
    events.push({
      type: after.status === 'True' && after.reason !== 'BlobArchived' ? 'Normal' : 'Warning',
      reason: after.reason,
      action: 'Validate',
      note: after.message,
    });
  }
  return events;
}
