/**
 * The last answers of the API server about the objects of a kind, kept for a moment. A wave often ends right after its
 * status was written: the look that follows has the object from that answer, and need not read it again.
 */
import type { CallOptions, ObjectCluster } from '../client/cluster.ts';
import type { ResourceKind } from '../kind.ts';
import { formatKey, keyOf, type KubernetesObject, type ObjectKey } from '../objects.ts';

/** A watch whose connection died unnoticed hides what others wrote no longer than this. */
const believedSeconds = 2;

export interface RecentReadsOptions {
  /** The object's version as a watch named it last; undefined if it named none. */
  readonly versionHeard: (key: ObjectKey) => string | undefined;
  readonly clock: () => Date;
}

interface Answer {
  readonly object: KubernetesObject;
  /** Unix milliseconds. */
  readonly time: number;
  /** The version that it has, and those before it that were answered within the time. */
  readonly versions: readonly string[];
}

/** @param cluster all that is asked of it is of one kind */
export function recentReads(cluster: ObjectCluster, options: RecentReadsOptions): ObjectCluster {
  const answers = new RecentAnswers(options);
  return {
    presentable: (value, namespace) => cluster.presentable(value, namespace),
    find: async <T extends KubernetesObject>(
      kind: ResourceKind<T>,
      key: ObjectKey,
      call: CallOptions,
    ): Promise<T | undefined> => {
      call.signal.throwIfAborted();
      const known = answers.find(key) as T | undefined;
      return known ?? (await answers.keep(key, cluster.find(kind, key, call)));
    },
    applyStatus: (kind, key, status, preconditions, call) =>
      answers.keep(key, cluster.applyStatus(kind, key, status, preconditions, call)),
    patchFinalizers: (kind, object, finalizers, call) =>
      answers.keep(keyOf(object), cluster.patchFinalizers(kind, object, finalizers, call)),
  };
}

class RecentAnswers {
  readonly #options: RecentReadsOptions;
  /** Oldest first. */
  readonly #answers = new Map<string, Answer>();

  constructor(options: RecentReadsOptions) {
    this.#options = options;
  }

  /** @returns the object; undefined if it must be read, because somebody else may have written it since */
  find(key: ObjectKey): KubernetesObject | undefined {
    this.#dropOld();
    const answer = this.#answers.get(formatKey(key));
    // The watch is a moment behind what we were answered.
    return answer?.versions.includes(this.#options.versionHeard(key) ?? '') === true
      ? answer.object
      : undefined;
  }

  /** Whoever is refused knows an object that is outdated. */
  async keep<T extends KubernetesObject | undefined>(key: ObjectKey, asked: Promise<T>): Promise<T> {
    const id = formatKey(key);
    const earlier = this.#answers.get(id)?.versions ?? [];
    this.#answers.delete(id);
    const object = await asked;
    const version = object?.metadata?.resourceVersion;
    if (object !== undefined && version !== undefined)
      this.#answers.set(id, {
        object,
        time: this.#options.clock().getTime(),
        versions: [...earlier, version],
      });
    return object;
  }

  #dropOld(): void {
    const now = this.#options.clock().getTime();
    for (const [id, { time }] of this.#answers) {
      // Somebody may have put the clock back.
      if (now >= time && now - time < believedSeconds * 1000) return;
      this.#answers.delete(id);
    }
  }
}
