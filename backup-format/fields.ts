/** Reading documents that somebody else may have forged: each field is checked before it is believed. */

/** What is wrong with a document of a backup; the message names the document and the field. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
  /** `NewerFormat`: written by a newer operator. `Invalid`: damaged, forged, or of something else. */
  readonly reason: 'NewerFormat' | 'Invalid';

  constructor(message: string, reason: 'NewerFormat' | 'Invalid' = 'Invalid') {
    super(message);
    this.reason = reason;
  }
}

export const patterns = {
  sha256: /^[0-9a-f]{64}$/,
  /** 16 bytes in base64. */
  md5: /^[A-Za-z0-9+/]{21}[AQgw]==$/,
  setName: /^[a-z][a-z0-9-]{0,62}$/,
  time: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/,
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  text: /^[^\u0000-\u001F\u007F]*$/,
} as const;

/** Fields of one JSON object. */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #place: string;

  constructor(value: unknown, place: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new FormatError(`${place} is not an object`);
    this.#values = value as Readonly<Record<string, unknown>>;
    this.#place = place;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#values, name) && this.#values[name] !== undefined;
  }

  object(name: string): Fields {
    return new Fields(this.#own(name), `${this.#place}.${name}`);
  }

  read<T>(name: string, item: (value: unknown, place: string) => T): T {
    return item(this.#own(name), `${this.#place}.${name}`);
  }

  text(name: string, pattern: RegExp = patterns.text, longest = 1024): string {
    const value = this.#own(name);
    if (typeof value !== 'string' || value.length > longest || !pattern.test(value)) {
      throw new FormatError(
        `${this.#place}.${name} must be a text of at most ${longest} characters that matches ${pattern.source}`,
      );
    }
    return value;
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T {
    const value = this.#own(name);
    const found = values.find((candidate) => candidate === value);
    if (found === undefined) throw new FormatError(`${this.#place}.${name} must be ${values.join(', ')}`);
    return found;
  }

  integer(name: string, minimum = 0, maximum: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.#own(name);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < minimum || value > maximum) {
      throw new FormatError(`${this.#place}.${name} must be a whole number from ${minimum} to ${maximum}`);
    }
    return value;
  }

  list<T>(name: string, longest: number, item: (value: unknown, place: string) => T): readonly T[] {
    const value = this.#own(name);
    if (!Array.isArray(value) || value.length > longest) {
      throw new FormatError(`${this.#place}.${name} must be a list of at most ${longest}`);
    }
    return value.map((entry, index) => item(entry, `${this.#place}.${name}[${index}]`));
  }

  /** The same, for what may be left out. */
  optional<Name extends string, T>(name: Name, read: () => T): Partial<Readonly<Record<Name, T>>> {
    const found: Partial<Record<Name, T>> = {};
    if (this.has(name)) found[name] = read();
    return found;
  }

  #own(name: string): unknown {
    return Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
  }
}

/** Two entries of the same name would make one of them invisible. */
export function refuseTwice(names: readonly string[], place: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new FormatError(`${place} has ${JSON.stringify(name)} twice`);
    seen.add(name);
  }
}
