/**
 * The places of backups that run at the same time. What is taken is counted from the statuses that are seen, so the next process
 * finds it, too. In memory is only what the cache does not show yet: who was told to begin. A backup that is part of an operation
 * neither waits nor takes a place: people wait for it, in a move with the stack stopped; and whoever only says that theirs is one
 * has their own hosts and stores to do it with, and takes nothing from others.
 */

import type { JtelBackup, JtelStack, Reason } from '../../../crds/index.ts';
import type { Change, Index } from '../../../runtime/cache/store.ts';
import { findCondition } from '../../../runtime/report/conditions.ts';
import type { ObjectKey } from '../../../runtime/objects.ts';
import type { Held } from '../observe/observed.ts';
import { isPartOfOperation } from '../desired/request.ts';
import { grant, shareOf, type Bounds, type Refused, type Taken, type Waiting } from './grant.ts';

/** The status of a backup that waits for a place. */
const queuedReason: Reason = 'BackupQueued';

/**
 * What is told of a backup that is at work. While it is told anything else, its host or store is away, which may last for a day.
 * Fifty hosts that went away must not keep all others from being backed up.
 */
const workReasons: ReadonlySet<string> = new Set<Reason>(['BackupRunning', 'BackupVerifying']);

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
    if (isPartOfOperation(backup)) return undefined;
    const { uid } = backup.metadata;
    this.#told.delete(uid);
    const { taken, waiting } = this.#seen();
    const asking = this.#waiting(backup);
    const all = [...waiting.filter((one) => one.uid !== uid), asking];
    const refused = grant(taken, all, this.#options.bounds).refused.get(uid);
    if (refused !== undefined) return this.#heldBy(asking, refused);
    this.#told.add(uid);
    return undefined;
  }

  /** A look at it ended with an error, so it may be long until the next one. */
  failed({ namespace, name }: ObjectKey): void {
    const backup = this.#options.unfinished
      .get('')
      .find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
    if (backup !== undefined) this.giveBack(backup);
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
    const wasTold =
      (isGone || isAside(object) || !isPending(object)) && this.#told.delete(object.metadata.uid);
    // One that begins to wait may find a place that became free after it was told that there is none.
    if (wasTold || (before !== now && (before !== 'Other' || now === 'Queued'))) this.#wakeNext();
  }

  #wakeNext(): void {
    const { taken, waiting } = this.#seen();
    if (taken.length >= this.#options.bounds.inAll) return;
    const { order, admitted } = grant(taken, waiting, this.#options.bounds);
    for (const { uid, namespace, name } of order)
      if (admitted.has(uid)) this.#options.wake({ namespace, name });
  }

  #seen(): { readonly taken: readonly Taken[]; readonly waiting: readonly Waiting[] } {
    const taken: Taken[] = [];
    const waiting: Waiting[] = [];
    for (const backup of this.#options.unfinished.get('')) {
      if (isPartOfOperation(backup)) continue;
      const state = stateOf(backup);
      if (state === 'Taken' || (isPending(backup) && this.#told.has(backup.metadata.uid)))
        taken.push(this.#waiting(backup));
      else if (state === 'Queued') waiting.push(this.#waiting(backup));
    }
    return { taken, waiting };
  }

  #waiting(backup: JtelBackup): Waiting {
    const { metadata, spec, status } = backup;
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

  #heldBy({ namespace, store }: Waiting, { full, before }: Refused): Held {
    const { bounds } = this.#options;
    switch (full) {
      case 'All':
        return { until: 'Place', most: bounds.inAll, before };
      case 'Namespace':
        return { until: 'Place', namespace, most: shareOf(bounds), before };
      case 'Store':
        return { until: 'Place', store: store.slice(store.indexOf('/') + 1), most: bounds.perStore, before };
    }
  }
}

type State = 'Taken' | 'Queued' | 'Other';

function stateOf(backup: JtelBackup | undefined): State {
  if (backup === undefined) return 'Other';
  const { status, metadata } = backup;
  // One that is deleted begins no more, and its host may be away for ever.
  if (isAside(backup) || metadata.deletionTimestamp !== undefined) return 'Other';
  const reason = findCondition(status?.conditions, 'Complete')?.reason ?? '';
  if (status?.phase === 'Running' || status?.phase === 'Verifying')
    // What it stored counts by then; its test restore has its own JtelRestore, which may wait for days.
    return workReasons.has(reason) && status.operation?.step !== 'Testing' ? 'Taken' : 'Other';
  return isPending(backup) && reason === queuedReason ? 'Queued' : 'Other';
}

/** Nobody looks at it. */
function isAside({ status }: JtelBackup): boolean {
  return findCondition(status?.conditions, 'Quarantined')?.status === 'True';
}

function isPending({ status, metadata }: JtelBackup): boolean {
  return (status?.phase ?? 'Pending') === 'Pending' && metadata.deletionTimestamp === undefined;
}
