/**
 * The places of backups that run at the same time. What is taken is counted from the statuses that are seen, so the next process
 * finds it, too. In memory is only what the cache does not show yet: who was told to begin.
 */

import type { JtelBackup, JtelStack, Reason } from '../../../crds/index.ts';
import type { Change, Index } from '../../../runtime/cache/store.ts';
import { findCondition } from '../../../runtime/report/conditions.ts';
import type { ObjectKey } from '../../../runtime/objects.ts';
import type { Held } from '../observe/observed.ts';
import { countBy, grant, type Bounds, type Granted, type Taken, type Waiting } from './grant.ts';

/** The status of a backup that waits for a place. */
const queuedReason: Reason = 'BackupQueued';

/**
 * While a backup is told this, nobody knows what it does, and it may last for a day. Fifty hosts that went away must not keep
 * all others from being backed up.
 */
const awayReasons: ReadonlySet<string> = new Set<Reason>([
  'HostUnreachable',
  'HostKeyMismatch',
  'AuthenticationFailed',
  'AddressBanned',
  'DockerUnavailable',
  'MachineChanged',
  'HostStateInvalid',
  'SecretNotFound',
  'SecretInvalid',
  'EndpointRefused',
  'StoreUnreachable',
  'StoreCredentialsRefused',
  'StoreNetworkRefused',
  'StoreNotFound',
  'ContainerNotFound',
]);

export interface PlacesOptions {
  readonly bounds: Bounds;
  /** All that have not ended, under the empty value. */
  readonly unfinished: Index<JtelBackup>;
  readonly stackOf: (key: ObjectKey) => JtelStack | undefined;
  /** Looks at a backup that may begin now. */
  readonly wake: (key: ObjectKey) => void;
}

export class Places {
  readonly #options: PlacesOptions;
  /** The uids of those that were told to begin. They count until their status says what became of that. */
  readonly #told = new Set<string>();

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  /** Takes a place, or says why there is none. */
  ask(backup: JtelBackup): Held | undefined {
    const { uid } = backup.metadata;
    this.#told.delete(uid);
    const { taken, waiting } = this.#seen();
    const asking = this.#waiting(backup);
    const granted = grant(taken, [...waiting.filter((one) => one.uid !== uid), asking], this.#options.bounds);
    if (!granted.admitted.has(uid)) return this.#whyNot(asking, taken, granted);
    this.#told.add(uid);
    return undefined;
  }

  /** It does not begin: something else is in its way. */
  giveBack(backup: JtelBackup): void {
    // One that runs already has its place by its status, as soon as the cache shows it.
    if (isPending(backup) && this.#told.delete(backup.metadata.uid)) this.#wakeNext();
  }

  /** Follows what the cache shows: a place may be free, or the first of those that wait may have gone. */
  changed({ type, object, previous }: Change<JtelBackup>): void {
    const isGone = type === 'Deleted';
    const before = stateOf(isGone ? object : previous);
    const now = isGone ? 'Other' : stateOf(object);
    const wasTold = (isGone || !isPending(object)) && this.#told.delete(object.metadata.uid);
    if (wasTold || (before !== now && before !== 'Other')) this.#wakeNext();
  }

  #wakeNext(): void {
    const { taken, waiting } = this.#seen();
    if (waiting.length === 0 || taken.length >= this.#options.bounds.inAll) return;
    const { order, admitted } = grant(taken, waiting, this.#options.bounds);
    for (const { uid, namespace, name } of order)
      if (admitted.has(uid)) this.#options.wake({ namespace, name });
  }

  #seen(): { readonly taken: readonly Taken[]; readonly waiting: readonly Waiting[] } {
    const taken: Taken[] = [];
    const waiting: Waiting[] = [];
    for (const backup of this.#options.unfinished.get('')) {
      const state = stateOf(backup);
      if (state === 'Taken' || (isPending(backup) && this.#told.has(backup.metadata.uid)))
        taken.push(this.#waiting(backup));
      else if (state === 'Queued') waiting.push(this.#waiting(backup));
    }
    return { taken, waiting };
  }

  #waiting({ metadata, spec, status }: JtelBackup): Waiting {
    const { namespace, name, uid, creationTimestamp } = metadata;
    const store =
      status?.storeRef?.name ??
      spec.storeRef?.name ??
      this.#options.stackOf({ namespace, name: spec.stackRef.name })?.spec.backup?.storeRef.name;
    return {
      uid,
      namespace,
      name,
      store: `${namespace}/${store ?? ''}`,
      isScheduled: spec.trigger === 'Scheduled',
      created: creationTimestamp,
    };
  }

  #whyNot({ uid, store }: Waiting, taken: readonly Taken[], { order }: Granted): Held {
    const { perStore, inAll } = this.#options.bounds;
    const inStore = countBy(taken, (one) => one.store).get(store) ?? 0;
    const before = order.findIndex((one) => one.uid === uid);
    return inStore >= perStore && taken.length < inAll
      ? { until: 'Place', store: store.slice(store.indexOf('/') + 1), most: perStore, before }
      : { until: 'Place', most: inAll, before };
  }
}

type State = 'Taken' | 'Queued' | 'Other';

function stateOf(backup: JtelBackup | undefined): State {
  if (backup === undefined) return 'Other';
  const { status, metadata } = backup;
  // Nobody looks at one that is put aside; one that is deleted begins no more, and its host may be away for ever.
  const isAside = findCondition(status?.conditions, 'Quarantined')?.status === 'True';
  if (isAside || metadata.deletionTimestamp !== undefined) return 'Other';
  const reason = findCondition(status?.conditions, 'Complete')?.reason ?? '';
  if (status?.phase === 'Running' || status?.phase === 'Verifying')
    // What it stored counts by then; its test restore has its own JtelRestore, which may wait for days.
    return awayReasons.has(reason) || status.operation?.step === 'Testing' ? 'Other' : 'Taken';
  return isPending(backup) && reason === queuedReason ? 'Queued' : 'Other';
}

function isPending({ status, metadata }: JtelBackup): boolean {
  return (status?.phase ?? 'Pending') === 'Pending' && metadata.deletionTimestamp === undefined;
}
