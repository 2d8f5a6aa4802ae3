/**
 * Knows the secret values that this process has read, to mask them in whatever is written for people (logs,
 * events, status). It is the last safety net: code should not put secrets there in the first place.
 */
import { Needles, shortestNeedle } from './needles.ts';

const mask = '[redacted]';

const usualNamespaceLimit = 2 * 1024 * 1024;
/** A Secret that nobody has read for so long has no user any more: each look reads what it uses. */
const keptMilliseconds = 24 * 3_600_000;

export interface SecretRegistryOptions {
  /** Secrets of this namespace are masked for everybody: they are the operator's own. */
  readonly ownNamespace?: string;
  /**
   * What one namespace may make us remember, see {@link sizeOf}; default: 2 MiB. Its oldest Secrets go first.
   * `Infinity` is for a process that ends soon.
   */
  readonly namespaceLimit?: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

/** A Secret, with the values before the last change, which may still be in use. */
interface Source {
  readonly namespace: string;
  readonly current: readonly string[];
  readonly previous: readonly string[];
  readonly readAt: number;
}

export class SecretRegistry {
  readonly #ownNamespace: string | undefined;
  readonly #namespaceLimit: number;
  readonly #now: () => number;
  /** The one that was read last is the last. */
  readonly #sources = new Map<string, Source>();
  /** For each form, how many sources of which namespace have it. */
  readonly #users = new Map<string, Map<string, number>>();
  readonly #sizes = new Map<string, number>();
  readonly #needles = new Needles();

  constructor({
    ownNamespace,
    namespaceLimit = usualNamespaceLimit,
    now = () => performance.now(),
  }: SecretRegistryOptions = {}) {
    this.#namespaceLimit = namespaceLimit;
    this.#ownNamespace = ownNamespace;
    this.#now = now;
  }

  /** @param source `namespace/name` of a Secret. */
  register(source: string, values: readonly string[]): void {
    const namespace = source.slice(0, Math.max(0, source.indexOf('/')));
    const readAt = this.#now();
    const current = withinLimit(new Set(values.flatMap(formsOf)), this.#namespaceLimit / 2);
    const known = this.#sources.get(source);
    if (known !== undefined && sameItems(known.current, current)) {
      this.#sources.delete(source);
      this.#sources.set(source, { ...known, readAt });
    } else {
      this.#forget(source);
      const entry = { namespace, current, previous: known?.current ?? [], readAt };
      this.#sources.set(source, entry);
      for (const form of formsIn(entry)) this.#addUser(form, namespace);
    }
    this.#forgetUnused(namespace, readAt);
  }

  /**
   * Returns the text with every known secret value masked.
   * @param reader the namespace whose people will read the text. They must not learn by trying what secrets
   * others have, so only those of the namespace and our own are masked. Absent: all.
   */
  redact(text: string, reader?: string): string {
    const counts = (form: string): boolean => {
      const namespaces = this.#users.get(form);
      if (namespaces === undefined) return false;
      return (
        reader === undefined ||
        namespaces.has(reader) ||
        (this.#ownNamespace !== undefined && namespaces.has(this.#ownNamespace))
      );
    };
    let result = '';
    let copied = 0;
    for (const { start, end } of this.#needles.find(text, counts)) {
      result += `${text.slice(copied, start)}${mask}`;
      copied = end;
    }
    return copied === 0 ? text : result + text.slice(copied);
  }

  #forgetUnused(namespace: string, now: number): void {
    for (const [source, { readAt }] of this.#sources) {
      if (now - readAt < keptMilliseconds) break;
      this.#forget(source);
    }
    if ((this.#sizes.get(namespace) ?? 0) <= this.#namespaceLimit) return;
    for (const [source, entry] of this.#sources) {
      if ((this.#sizes.get(namespace) ?? 0) <= this.#namespaceLimit) break;
      if (entry.namespace === namespace) this.#forget(source);
    }
  }

  #forget(source: string): void {
    const entry = this.#sources.get(source);
    if (entry === undefined) return;
    this.#sources.delete(source);
    for (const form of formsIn(entry)) this.#removeUser(form, entry.namespace);
  }

  #addUser(form: string, namespace: string): void {
    let users = this.#users.get(form);
    if (users === undefined) {
      users = new Map();
      this.#users.set(form, users);
      this.#needles.add(form);
    }
    users.set(namespace, (users.get(namespace) ?? 0) + 1);
    this.#sizes.set(namespace, (this.#sizes.get(namespace) ?? 0) + sizeOf(form));
  }

  #removeUser(form: string, namespace: string): void {
    const users = this.#users.get(form);
    const left = (users?.get(namespace) ?? 0) - 1;
    const size = (this.#sizes.get(namespace) ?? 0) - sizeOf(form);
    if (size > 0) this.#sizes.set(namespace, size);
    else this.#sizes.delete(namespace);
    if (left > 0) users?.set(namespace, left);
    else users?.delete(namespace);
    if (users?.size !== 0) return;
    this.#users.delete(form);
    this.#needles.delete(form);
  }
}

function formsIn({ current, previous }: Source): ReadonlySet<string> {
  return new Set([...current, ...previous]);
}

/** Characters, and what it takes to remember a form at all. */
function sizeOf(form: string): number {
  return form.length + 100;
}

/** @param limit half of what a namespace may have, so that the values before the last change have room too. */
function withinLimit(forms: ReadonlySet<string>, limit: number): readonly string[] {
  let left = limit;
  // Short ones first: passwords are, and one big file must not push them out.
  return [...forms]
    .toSorted((a, b) => a.length - b.length)
    .filter((form) => {
      const fits = sizeOf(form) <= left;
      if (fits) left -= sizeOf(form);
      return fits;
    });
}

function sameItems(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** Shorter values ("jtel", "admin") are common words. Masking them would hide more than it protects. */
const shortestSecret = shortestNeedle;

/** The shapes in which a value can appear in a text. */
function formsOf(value: string): string[] {
  const trimmed = value.trim();
  if (trimmed.length < shortestSecret) return [];
  const lines = trimmed.includes('\n')
    ? trimmed.split(/\r?\n/).filter((line) => line.length >= 16 && !line.startsWith('-----'))
    : [];
  const base64 = [value, trimmed].map((text) => Buffer.from(text).toString('base64'));
  const inJSON = JSON.stringify(trimmed).slice(1, -1);
  const inURL = encodeURIComponent(trimmed);
  return [...new Set([trimmed, inJSON, inURL, ...base64, ...lines, ...leavesOf(trimmed)])];
}

/** A registry's `.dockerconfigjson` is a secret of several values. */
function leavesOf(text: string): string[] {
  if (!text.startsWith('{')) return [];
  const leaves: string[] = [];
  try {
    JSON.parse(text, (name, value: unknown) => {
      if (
        name !== 'username' &&
        name !== 'email' &&
        typeof value === 'string' &&
        value.length >= shortestSecret
      )
        leaves.push(value);
      return value;
    });
  } catch {
    return [];
  }
  return leaves;
}
