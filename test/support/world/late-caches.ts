/**
 * Caches that hear late, or not at all, of what happens in a world in memory, as those behind a watch that hangs or loses
 * events. A change of an object of any kind, and of a Secret's version, is one event; they are counted in the order of the
 * server.
 */
import { ObjectStore } from '../../../runtime/cache/object-store.ts';
import type { Versions } from '../../../runtime/cache/object-versions.ts';
import { formatKey, type ObjectKey } from '../../../runtime/objects.ts';
import type { Interference } from './interference.ts';

/** What becomes of an event. Freeze: neither it nor what follows is heard before the release. */
export type Fate = 'Deliver' | 'Drop' | 'Freeze';

export class LateCaches {
  readonly #fateOf: (event: number) => Fate;
  readonly #waiting: (() => void)[] = [];
  readonly #relists: (() => void)[] = [];
  #frozen = false;
  /** Events so far. */
  events = 0;
  /** Is told when an event is dropped, or freezes the caches. */
  onTrouble: (() => void) | undefined;

  /** @param fateOf of an event by its number, from 1; not asked while the caches are frozen */
  constructor(fateOf: (event: number) => Fate = () => 'Deliver') {
    this.#fateOf = fateOf;
  }

  readonly follow: NonNullable<Interference['follow']> = (cluster, kind, store) => {
    const server = new ObjectStore<NonNullable<ReturnType<typeof store.get>>>();
    const stop = cluster.follow(kind, server);
    const relist = (): void => store.replaceAll(server.list());
    relist();
    store.markSynced();
    this.#relists.push(relist);
    const unfollow = server.onChange(({ type, object }) =>
      this.#happened(() => (type === 'Deleted' ? store.remove(object) : store.put(object))),
    );
    return () => {
      unfollow();
      stop();
    };
  };

  readonly versions = (server: Versions): Versions => {
    const heard = new Map<string, string | undefined>();
    const listeners = new Set<(key: ObjectKey) => void>();
    const hear = (key: ObjectKey, version: string | undefined): void => {
      heard.set(formatKey(key), version);
      for (const listener of listeners) listener(key);
    };
    server.onChange((key) => {
      const version = server.versionOf(key);
      this.#happened(() => hear(key, version));
    });
    return {
      versionOf: (key) => (heard.has(formatKey(key)) ? heard.get(formatKey(key)) : server.versionOf(key)),
      onChange: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
  };

  freeze(): void {
    this.#frozen = true;
  }

  /** What was missed is heard one by one, as by a watch that goes on from its last version. */
  replay(): void {
    this.#frozen = false;
    for (const hear of this.#waiting.splice(0)) hear();
  }

  /** Only the differences are heard, as by a new list. */
  relist(): void {
    this.#frozen = false;
    this.#waiting.length = 0;
    for (const relist of this.#relists) relist();
  }

  #happened(hear: () => void): void {
    this.events += 1;
    const fate = this.#frozen ? 'Freeze' : this.#fateOf(this.events);
    if (fate === 'Deliver') {
      hear();
      return;
    }
    if (fate === 'Freeze') this.#waiting.push(hear);
    if (this.#frozen) return;
    this.#frozen = fate === 'Freeze';
    this.onTrouble?.();
  }
}
