/**
 * The rows of all clusters that are looked at. It follows caches that exist anyway, gathers changes for a
 * moment, and tells only what a page would show differently.
 */
import { randomBytes } from 'node:crypto';
import type { JtelBackup, JtelBackupStore, JtelRestore, JtelStack } from '../../crds/index.ts';
import { lastBackupOf } from '../../insight/recovery-point.ts';
import { formatKey, type ObjectKey } from '../../runtime/objects.ts';
import type { Index, Store } from '../../runtime/cache/store.ts';
import type { ContextAbout } from '../protocol.ts';
import { ChangeLog } from './change-log.ts';
import { keyOfRow, stackRow, storeRow } from './rows/rows.ts';
import { dayOf } from './rows/strip.ts';
import type { ListedKind } from './viewer.ts';

/** A cluster, as far as this process reads it. */
export interface FleetSource {
  /** Of the kubeconfig; absent if there is only one. */
  readonly context?: string | undefined;
  readonly stacks: Store<JtelStack>;
  readonly stores: Store<JtelBackupStore>;
  readonly backups: Store<JtelBackup>;
  readonly restores: Store<JtelRestore>;
  /** Whether the caches hold those of the namespace. */
  reads(namespace: string, what: ListedKind): boolean;
  about(): ContextAbout;
}

/** A row as it is sent. It is kept as text, which takes less memory and is sent to many. */
export interface HeldRow {
  readonly context: string | undefined;
  readonly namespace: string;
  readonly name: string;
  readonly urgency: number;
  readonly json: string;
}

export interface FleetTimes {
  /** Changes are gathered for so long. */
  readonly gatherMilliseconds: number;
  readonly now: () => Date;
}

type RowKind = 'stacks' | 'stores';

interface Followed {
  readonly source: FleetSource;
  readonly backupsOfStack: Index<JtelBackup>;
  readonly restoresOfStack: Index<JtelRestore>;
  readonly stacksOfStore: Index<JtelStack>;
}

export class Fleet {
  /** Differs for each process: numbers of another one mean nothing here. */
  readonly epoch = randomBytes(4).toString('hex');
  readonly log = new ChangeLog();
  readonly #followed: readonly Followed[];
  readonly #times: FleetTimes;
  readonly #rows = { stacks: new Map<string, HeldRow>(), stores: new Map<string, HeldRow>() };
  /** What makes a row anew; undefined if it is gone. */
  readonly #dirty = new Map<
    string,
    { readonly kind: RowKind; readonly namespace: string; readonly make: () => HeldRow | undefined }
  >();
  readonly #stops: (() => void)[] = [];
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #about = '';
  #day: number;

  constructor(sources: readonly FleetSource[], times: FleetTimes) {
    this.#times = times;
    this.#day = dayOf(times.now().getTime());
    this.#followed = sources.map((source) => this.#follow(source));
    // The strips of backups end with today, and nothing changes at midnight.
    const clock = setInterval(() => this.#dayMayHaveChanged(), 30_000);
    this.#stops.push(() => clearInterval(clock));
    this.#markAll();
    this.flush();
  }

  get sources(): readonly FleetSource[] {
    return this.#followed.map(({ source }) => source);
  }

  rows(kind: RowKind): ReadonlyMap<string, HeldRow> {
    return this.#rows[kind];
  }

  /** The row of a stack without what follows from its requests, for those who may not read them. */
  bareStack({ context, namespace, name }: HeldRow): string | undefined {
    const source = this.sources.find((one) => one.context === context);
    const stack = source?.stacks.get({ namespace, name });
    return stack === undefined ? undefined : JSON.stringify(stackRow({ context, stack }, this.#times.now()));
  }

  requestsOf(
    source: FleetSource,
    stack: JtelStack,
  ): { readonly backups: readonly JtelBackup[]; readonly restores: readonly JtelRestore[] } {
    const followed = this.#followed.find((one) => one.source === source);
    const key = formatKey(stack.metadata);
    return {
      backups: followed?.backupsOfStack.get(key) ?? [],
      restores: followed?.restoresOfStack.get(key) ?? [],
    };
  }

  /**
   * Calls back once, after the next changes or when the fleet closes. A promise would keep whoever gave up waiting
   * until something changes, which in a quiet night is every round of every page.
   * @returns what ends the wait
   */
  onceChanged(happened: () => void): () => void {
    this.#waiting.add(happened);
    return () => this.#waiting.delete(happened);
  }

  /** How many wait for the next changes. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Something about the clusters themselves may have changed. */
  aboutMayHaveChanged(): void {
    this.#schedule();
  }

  close(): void {
    for (const stop of this.#stops) stop();
    clearTimeout(this.#timer);
    this.#tellWaiting();
  }

  #tellWaiting(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const happened of waiting) happened();
  }

  #follow(source: FleetSource): Followed {
    const { stacks, stores, backups, restores } = source;
    const stackOf = ({ metadata, spec }: JtelBackup | JtelRestore): string =>
      `${metadata.namespace}/${spec.stackRef.name}`;
    const followed: Followed = {
      source,
      backupsOfStack: backups.index((one) => [stackOf(one)]),
      restoresOfStack: restores.index((one) => [stackOf(one)]),
      stacksOfStore: stacks.index((one) => storeOf(one).map(({ namespace, name }) => `${namespace}/${name}`)),
    };
    this.#stops.push(
      stacks.onChange(({ key, object }) => {
        this.#markStack(followed, key);
        for (const store of storeOf(object)) this.#markStore(followed, store);
      }),
      stores.onChange(({ key }) => this.#markStore(followed, key)),
      backups.onChange(({ object }) =>
        this.#markStack(followed, { namespace: object.metadata.namespace, name: object.spec.stackRef.name }),
      ),
      restores.onChange(({ object }) =>
        this.#markStack(followed, { namespace: object.metadata.namespace, name: object.spec.stackRef.name }),
      ),
    );
    return followed;
  }

  #markAll(): void {
    for (const followed of this.#followed) {
      for (const { metadata } of followed.source.stacks.list()) this.#markStack(followed, metadata);
      for (const { metadata } of followed.source.stores.list()) this.#markStore(followed, metadata);
    }
  }

  #markStack(followed: Followed, key: { readonly namespace: string; readonly name: string }): void {
    const { source, backupsOfStack, restoresOfStack } = followed;
    const { namespace } = key;
    const { context } = source;
    this.#mark('stacks', keyOfRow(context, key), namespace, () => {
      const stack = source.stacks.get(key);
      if (stack === undefined) return undefined;
      const row = stackRow(
        {
          context,
          stack,
          backups: source.reads(namespace, 'backups') ? backupsOfStack.get(formatKey(key)) : undefined,
          restores: source.reads(namespace, 'restores') ? restoresOfStack.get(formatKey(key)) : undefined,
        },
        this.#times.now(),
      );
      return { context, namespace, name: key.name, urgency: row.urgency, json: JSON.stringify(row) };
    });
  }

  #markStore(followed: Followed, key: { readonly namespace: string; readonly name: string }): void {
    const { source, stacksOfStore, backupsOfStack } = followed;
    const { namespace } = key;
    const { context } = source;
    this.#mark('stores', keyOfRow(context, key), namespace, () => {
      const store = source.stores.get(key);
      if (store === undefined) return undefined;
      const lastBackups = source.reads(namespace, 'backups')
        ? stacksOfStore
            .get(formatKey(key))
            .map((stack) => lastBackupOf(stack, backupsOfStack.get(formatKey(stack.metadata))))
        : undefined;
      const json = JSON.stringify(storeRow({ context, store, lastBackups }));
      return { context, namespace, name: key.name, urgency: 0, json };
    });
  }

  #mark(kind: RowKind, key: string, namespace: string, make: () => HeldRow | undefined): void {
    this.#dirty.set(`${kind} ${key}`, { kind, namespace, make });
    this.#schedule();
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.flush(), this.#times.gatherMilliseconds);
  }

  /** Makes the rows anew whose objects changed, and tells those that differ. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const changes = { stacks: new Map<string, string>(), stores: new Map<string, string>() };
    for (const [id, { kind, namespace, make }] of this.#dirty) {
      const key = id.slice(kind.length + 1);
      const row = make();
      const held = this.#rows[kind].get(key);
      if (row?.json === held?.json) continue;
      if (row === undefined) this.#rows[kind].delete(key);
      else this.#rows[kind].set(key, row);
      changes[kind].set(key, namespace);
    }
    this.#dirty.clear();
    const about = JSON.stringify(this.#followed.map(({ source }) => source.about()));
    if (about === this.#about && changes.stacks.size === 0 && changes.stores.size === 0) return;
    this.log.add({ ...changes, about: about !== this.#about });
    this.#about = about;
    this.#tellWaiting();
  }

  #dayMayHaveChanged(): void {
    const day = dayOf(this.#times.now().getTime());
    if (day === this.#day) return;
    this.#day = day;
    this.#markAll();
  }
}

/** Where the stack's backups go. */
function storeOf({ metadata, spec }: JtelStack): readonly ObjectKey[] {
  const name = spec.backup?.storeRef.name;
  return name === undefined ? [] : [{ namespace: metadata.namespace, name }];
}
