/**
 * Sees the versions that an object has while it is watched, not only those that a poll would meet. An API
 * server ends the watches of a kind when its CRD changes, and has forgotten where they were: only what is
 * written between that and the next list can be missed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Kubectl } from '../../sandbox/installation/kubectl.ts';

export interface SeenObject {
  readonly metadata: {
    readonly name: string;
    readonly generation: number;
    readonly resourceVersion: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: object;
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly lastTransitionTime: string;
    }[];
  };
}

interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: SeenObject;
}

export class ObjectWatch {
  readonly #before: readonly SeenObject[];
  readonly #seen: SeenObject[] = [];
  readonly #stopped = new AbortController();
  #ended: Promise<void> = Promise.resolve();

  private constructor(before: readonly SeenObject[]) {
    this.#before = before;
  }

  /** @param plural e.g. `jtelstacks` */
  static async start(kubectl: Kubectl, namespace: string, plural: string): Promise<ObjectWatch> {
    const path = `/apis/jtel.de/v1alpha1/namespaces/${namespace}/${plural}`;
    const first = await list(kubectl, path);
    const watch = new ObjectWatch(first.items);
    watch.#ended = watch.#follow(kubectl, path, first.metadata.resourceVersion);
    watch.#ended.catch(() => {}); // stop() reports it
    return watch;
  }

  async #follow(kubectl: Kubectl, path: string, from: string): Promise<void> {
    const { signal } = this.#stopped;
    for (let version: string | undefined = from; !signal.aborted;) {
      if (version === undefined) {
        const { metadata, items } = await list(kubectl, path);
        this.#seen.push(...items);
        version = metadata.resourceVersion;
      }
      const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${version}`;
      const args = ['--kubeconfig', kubectl.kubeconfig, 'get', '--raw', `${path}?${query}`];
      const child = spawn(kubectl.binary, args, { stdio: ['ignore', 'pipe', 'ignore'], signal });
      const closed = once(child, 'close').catch(() => {}); // the signal ends it
      for await (const line of createInterface({ input: child.stdout })) {
        const { type, object } = JSON.parse(line) as WatchEvent;
        version = type === 'ERROR' ? undefined : object.metadata.resourceVersion;
        if (type !== 'ERROR' && type !== 'BOOKMARK') this.#seen.push(object);
      }
      await closed;
    }
  }

  /** Whether every object was seen with the annotation, so nothing before it was missed. */
  hasSeen(annotation: string, value: string): boolean {
    return this.#before.every(({ metadata: { name } }) =>
      this.#seen.some(
        ({ metadata }) => metadata.name === name && metadata.annotations?.[annotation] === value,
      ),
    );
  }

  /**
   * Ends the watch. @returns what changed that nobody asked for: another phase or spec, a condition that is
   * gone or turned. A condition that is new is no change.
   */
  async stop(): Promise<readonly string[]> {
    this.#stopped.abort();
    await this.#ended;
    return this.#before.flatMap((before) =>
      this.#seen
        .filter(({ metadata }) => metadata.name === before.metadata.name)
        .flatMap((later) => flaps(before, later)),
    );
  }
}

interface List {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly SeenObject[];
}

async function list(kubectl: Kubectl, path: string): Promise<List> {
  return JSON.parse(await kubectl.run(['get', '--raw', path])) as List;
}

/** In words; empty when nothing turned. */
function flaps(before: SeenObject, later: SeenObject): readonly string[] {
  const found: string[] = [];
  const { name } = before.metadata;
  if (later.metadata.generation !== before.metadata.generation) found.push(`${name}: another spec`);
  if (later.status?.phase !== before.status?.phase)
    found.push(`${name}: ${before.status?.phase} became ${later.status?.phase}`);
  for (const condition of before.status?.conditions ?? []) {
    const now = later.status?.conditions?.find(({ type }) => type === condition.type);
    if (now?.status !== condition.status || now.lastTransitionTime !== condition.lastTransitionTime)
      found.push(`${name}: ${JSON.stringify(condition)} became ${JSON.stringify(now)}`);
  }
  return found;
}
