/**
 * Tells an error of one tenant from one that all have: what fails in the same way in several namespaces at about the same time is
 * no fault of any of them, such as a resource definition of another release, or a fault of ours.
 */

/** So many namespaces with the same error are all. One tenant has one. */
const namespacesOfAll = 3;
const windowSeconds = 600;
/** Kinds of error that are remembered. */
const mostKinds = 500;

export class SharedTrouble {
  /** By kind of error, the last seen at the end: its latest namespaces, each with the time in milliseconds. */
  readonly #seen = new Map<string, Map<string, number>>();

  /**
   * Notes the error of one object.
   * @returns whether several namespaces have it
   */
  isOfAll(error: unknown, namespace: string, now: Date): boolean {
    const kind = kindOf(error);
    const since = now.getTime() - windowSeconds * 1000;
    const recent = [...(this.#seen.get(kind) ?? [])].filter(
      ([name, time]) => name !== namespace && time > since,
    );
    const namespaces = new Map([...recent, [namespace, now.getTime()] as const].slice(-namespacesOfAll));
    this.#seen.delete(kind);
    this.#seen.set(kind, namespaces);
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size <= mostKinds) break;
      this.#seen.delete(oldest);
    }
    return namespaces.size >= namespacesOfAll;
  }
}

/** By class, reason and place in the code: messages name objects. */
function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { name, stack = '' } = error;
  const { reason, status, code } = error as { reason?: unknown; status?: unknown; code?: unknown };
  const place = stack.split('\n').find((line) => /^\s+at /.test(line)) ?? '';
  return [name, reason, status, code, place.trim()].map(String).join(' ');
}
