/**
 * Knows the secret values that this process has read, to mask them in whatever is written for people (logs,
 * events, status). It is the last safety net: code should not put secrets there in the first place.
 */

const MASK = '[redacted]';

/** Shorter values ("jtel", "admin") are common words. Masking them would hide more than it protects. */
const MIN_LENGTH = 6;

export class SecretRegistry {
  /** Per source the last values and the ones before, which may still be in use. */
  readonly #sources = new Map<
    string,
    { readonly current: readonly string[]; readonly previous: readonly string[] }
  >();
  /** Longest first, so a value that contains another is masked completely. */
  #needles: readonly string[] = [];

  /** Registers the values of a source (for example `namespace/name` of a Secret). */
  register(source: string, values: readonly string[]): void {
    const current = [...new Set(values.flatMap(formsOf))];
    const known = this.#sources.get(source);
    if (known !== undefined && sameItems(known.current, current)) return;
    this.#sources.set(source, { current, previous: known?.current ?? [] });
    const all = new Set<string>();
    for (const entry of this.#sources.values())
      for (const form of [...entry.current, ...entry.previous]) all.add(form);
    this.#needles = [...all].toSorted((a, b) => b.length - a.length);
  }

  /** Returns the text with every known secret value masked. */
  redact(text: string): string {
    let result = text;
    for (const needle of this.#needles) if (result.includes(needle)) result = result.replaceAll(needle, MASK);
    return result;
  }
}

function sameItems(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** The shapes in which a value can appear in a text. */
function formsOf(value: string): string[] {
  const trimmed = value.trim();
  if (trimmed.length < MIN_LENGTH) return [];
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
      if (name !== 'username' && name !== 'email' && typeof value === 'string' && value.length >= MIN_LENGTH)
        leaves.push(value);
      return value;
    });
  } catch {
    return [];
  }
  return leaves;
}
