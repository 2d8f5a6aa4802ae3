/**
 * The store controller: it finds out whether a JtelBackupStore can be used, and whether it refuses to change what is stored.
 *
 * Flow: list the store, read its policy, write a probe and try to destroy it when one is due, write the status, which also keeps
 * the public keys that backups are signed with.
 *
 * Guarantees:
 *  - It looks without changing anything, but for the probe: one object a day, and after a change of the spec.
 *  - `Immutable` is True only after an attempt to destroy was refused; a policy alone is a promise.
 *
 * Assumptions:
 *  - A probe is over in seconds. It belongs to the status of the same look, so it is no wave.
 *
 * Caveats:
 *  - An immutable store keeps each probe for its whole period.
 *  - Between two probes, and while the store is away, the last proof counts.
 *  - Only backups of stacks that use the store, and of identities that it names, are counted.
 */
import type { BlobStore } from '../../blob-store/blob-store.ts';
import type { Signer } from '../../backup-format/signature.ts';
import type { ReadRetention } from '../../blob-store/retention.ts';
import { storeKind, type JtelBackupStore } from '../../crds/index.ts';
import type { CallOptions, Cluster } from '../../runtime/client/cluster.ts';
import { spread } from '../../base/back-off.ts';
import { WaveController, type WaveOptions, type WaveTypes } from '../../runtime/control/wave-controller.ts';
import { openBlobs, retentionReader } from '../stores/store-access.ts';
import { outcome, type Outcome } from '../inputs/outcome.ts';
import type { SigningKeys } from '../stores/signing-keys.ts';
import { execute, type Probed } from './act/execute.ts';
import { observe } from './observe/observe.ts';
import type { Action } from './plan/actions.ts';
import { checkIntervalSeconds, plan, retryIntervalSeconds } from './plan/plan.ts';
import { storeEvents } from './report/events.ts';
import { problemIn, summarise } from './report/status.ts';

export interface StoreReconcilerOptions extends WaveOptions {
  readonly cluster: Cluster;
  readonly signing: SigningKeys;
  /** Of the stacks whose backups go there. */
  readonly identitiesOf?: (store: JtelBackupStore) => readonly string[];
  /** The key that releases are checked with, as the status has it. */
  readonly releaseKey?: string;
  /** Default: the real store with the credentials of its Secret. */
  readonly open?: (store: JtelBackupStore, options: CallOptions) => Promise<BlobStore>;
  /** Default: the management plane that the store names. */
  readonly retention?: (store: JtelBackupStore) => ReadRetention | undefined;
}

interface StoreTypes extends WaveTypes {
  readonly object: JtelBackupStore;
  readonly seen: Awaited<ReturnType<typeof observe>>;
  readonly plan: readonly Action[];
  readonly found: { readonly probed: Probed; readonly signer?: Outcome<Signer> };
}

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
      within: async ({ object, plan: actions, seen: { blobs } }, { signal }) => ({
        probed: blobs === undefined ? { kind: 'NotDue' } : await execute(actions, object, blobs, signal),
        // The key is made with the first store, so that it is in the status before anything is signed with it.
        ...(object.spec.tier === 'Customer'
          ? { signer: await outcome(() => options.signing.current(object, { signal })) }
          : {}),
      }),
      summarise: ({ object, seen, found: { probed, signer }, now }) =>
        summarise(object, seen.observed, probed, now, { releaseKey: options.releaseKey, signer }),
      // That it was looked at again is no news: a store at rest is written once a day.
      heartbeats: [{ path: ['lastValidationTime'], everySeconds: 86_400 }],
      events: ({ object }, status) => storeEvents(object.status, status),
      nextLook: ({ seen, found }) =>
        spread(
          problemIn(seen.observed, found.probed) === undefined && found.signer?.ok !== false
            ? checkIntervalSeconds
            : retryIntervalSeconds,
          [1, 1.1],
          random,
        ),
    },
    options,
  );
}
