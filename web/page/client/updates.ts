/** What the rows are after some events of the stream. Pure. */
import type { About, Changed, Removed, SnapshotPart, StackRow, StoreRow } from '../../protocol.ts';

export type Update =
  | { readonly kind: 'Snapshot'; readonly part: SnapshotPart }
  | { readonly kind: 'Changed'; readonly changed: Changed }
  | { readonly kind: 'Removed'; readonly removed: Removed };

export interface Known {
  readonly stacks: ReadonlyMap<string, StackRow>;
  readonly stores: ReadonlyMap<string, StoreRow>;
  readonly about: About | undefined;
  readonly isWhole: boolean;
}

/** Copies each map once, however many updates there are. */
export function applied(known: Known, updates: readonly Update[]): Known {
  const stacks = new Map(known.stacks);
  const stores = new Map(known.stores);
  let { about, isWhole } = known;
  const put = (part: Changed): void => {
    for (const row of part.stacks ?? []) stacks.set(row.key, row);
    for (const row of part.stores ?? []) stores.set(row.key, row);
    about = part.about ?? about;
  };
  for (const update of updates) {
    switch (update.kind) {
      case 'Snapshot':
        if (update.part.isFirst) {
          stacks.clear();
          stores.clear();
        }
        put(update.part);
        isWhole = update.part.isLast;
        break;
      case 'Changed':
        put(update.changed);
        break;
      case 'Removed':
        for (const key of update.removed.stacks ?? []) stacks.delete(key);
        for (const key of update.removed.stores ?? []) stores.delete(key);
        break;
    }
  }
  return { stacks, stores, about, isWhole };
}
