/**
 * Schemas for documents that somebody may have forged. Each document is described once; its type and its
 * check follow from that. A schema is a function: it takes what JSON.parse returned, and returns a copy with
 * the fields it knows, each checked. It leaves out unknown fields, so older code reads what newer code wrote.
 */

/** What is wrong with a document. The message names the document and the field, and never repeats a value. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
  /** `NewerFormat`: a newer operator wrote it. `Invalid`: it is damaged, forged, or something else. */
  readonly reason: 'NewerFormat' | 'Invalid';

  constructor(message: string, reason: 'NewerFormat' | 'Invalid' = 'Invalid') {
    super(message);
    this.reason = reason;
  }
}

/** What a schema throws; {@link read} turns it into a FormatError. */
export class Misfit extends Error {
  /** From the given value, as in `dataSets[3].bytes`; empty means that value itself. */
  readonly path: string;

  constructor(message: string, path = '') {
    super(message);
    this.path = path;
  }
}

/** @throws {Misfit} */
export type Schema<T> = (value: unknown) => T;

/** The type that a schema returns: `type Blob = Of<typeof blob>`. */
export type Of<S> = S extends Schema<infer T> ? T : never;

/** A field that may be absent. */
interface OptionalField<T> {
  readonly schema: Schema<T>;
  /** Also left out if it does not fit. */
  readonly forgiving: boolean;
}

type Fields = Readonly<Record<string, Schema<unknown> | OptionalField<unknown>>>;
type Flat<T> = { [K in keyof T]: T[K] };
type ObjectOf<F> = Flat<
  {
    readonly [K in keyof F as F[K] extends OptionalField<unknown> ? never : K]: Of<F[K]>;
  } & {
    readonly [K in keyof F as F[K] extends OptionalField<unknown> ? K : never]?: F[K] extends OptionalField<
      infer T
    >
      ? T
      : never;
  }
>;

export const patterns = {
  sha256: /^[0-9a-f]{64}$/,
  /** 16 bytes in base64. */
  md5: /^[A-Za-z0-9+/]{21}[AQgw]==$/,
  setName: /^[a-z][a-z0-9-]{0,62}$/,
  time: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/,
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  text: /^[^\u0000-\u001F\u007F]*$/,
} as const;

/**
 * @param what name of the document in messages.
 * @throws {FormatError}
 */
export function read<T>(schema: Schema<T>, value: unknown, what: string): T {
  try {
    return schema(value);
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    throw new FormatError(`${what}: ${error.path}${error.path === '' ? '' : ' '}${error.message}`);
  }
}

export function object<const F extends Fields>(fields: F): Schema<ObjectOf<F>> {
  const entries = Object.entries(fields);
  return (value) => {
    const given = record(value);
    const checked: Record<string, unknown> = {};
    for (const [name, field] of entries) {
      const found = own(given, name);
      if (typeof field === 'function') checked[name] = within(name, field, found);
      else if (found !== undefined) {
        try {
          checked[name] = within(name, field.schema, found);
        } catch (error) {
          if (!field.forgiving || !(error instanceof Misfit)) throw error;
        }
      }
    }
    return checked as ObjectOf<F>;
  };
}

/** For a field of {@link object} that may be absent. */
export function optional<T>(schema: Schema<T>): OptionalField<T> {
  return { schema, forgiving: false };
}

/**
 * For a field of {@link object} that only informs. A value that does not fit is left out, and the rest is
 * read.
 */
export function informing<T>(schema: Schema<T>): OptionalField<T> {
  return { schema, forgiving: true };
}

/** One of several objects, distinguished by the text in one of their fields. */
export function oneBy<M extends Readonly<Record<string, Schema<unknown>>>>(
  name: string,
  schemas: M,
): Schema<Of<M[keyof M]>> {
  return (value) => {
    const given = record(value);
    const kind = within(name, oneOf(Object.keys(schemas)), own(given, name));
    return (schemas[kind] as Schema<Of<M[keyof M]>>)(value);
  };
}

export interface ListBounds {
  /** Number of entries; default 0. */
  readonly least?: number;
  readonly most: number;
}

export function list<T>(item: Schema<T>, { least = 0, most }: ListBounds): Schema<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value) || value.length > most) throw new Misfit(`must be a list of at most ${most}`);
    if (value.length < least)
      throw new Misfit(least === 1 ? 'must not be empty' : `must have at least ${least} entries`);
    return value.map((entry: unknown, index) => within(index, item, entry));
  };
}

/** @param longest in UTF-16 units */
export function text(pattern: RegExp = patterns.text, longest = 1024): Schema<string> {
  return (value) => {
    if (typeof value !== 'string' || value.length > longest || !pattern.test(value))
      throw new Misfit(`must be a text of at most ${longest} characters that matches ${pattern.source}`);
    return value;
  };
}

export function oneOf<const T extends string>(values: readonly T[]): Schema<T> {
  return (value) => {
    const found = values.find((candidate) => candidate === value);
    if (found === undefined) throw new Misfit(`must be ${values.join(', ').replace(/, (?=[^,]*$)/, ' or ')}`);
    return found;
  };
}

export function integer(minimum = 0, maximum: number = Number.MAX_SAFE_INTEGER): Schema<number> {
  return (value) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < minimum || value > maximum)
      throw new Misfit(`must be a whole number from ${minimum} to ${maximum}`);
    return value;
  };
}

export const finite: Schema<number> = (value) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Misfit('must be a number');
  return value;
};

export const boolean: Schema<boolean> = (value) => {
  if (typeof value !== 'boolean') throw new Misfit('must be true or false');
  return value;
};

/** The same with a rule that a single schema cannot express. @param check throws a {@link Misfit} */
export function where<T>(schema: Schema<T>, check: (value: T) => void): Schema<T> {
  return (value) => {
    const checked = schema(value);
    check(checked);
    return checked;
  };
}

/** Of two entries with the same name, one would be invisible. */
export function distinct<T>(
  schema: Schema<readonly T[]>,
  nameOf: (entry: T) => string,
): Schema<readonly T[]> {
  return where(schema, (entries) => {
    const seen = new Set<string>();
    for (const name of entries.map(nameOf)) {
      if (seen.has(name)) throw new Misfit(`has ${JSON.stringify(name)} twice`);
      seen.add(name);
    }
  });
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Misfit('must be an object');
  return value as Readonly<Record<string, unknown>>;
}

function own(given: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(given, name) ? given[name] : undefined;
}

/** Paths are built only after an error, because lists have millions of entries. */
function within<T>(step: string | number, schema: Schema<T>, value: unknown): T {
  try {
    return schema(value);
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    throw new Misfit(error.message, join(step, error.path));
  }
}

function join(step: string | number, path: string): string {
  const here = typeof step === 'number' ? `[${step}]` : step;
  return path === '' || path.startsWith('[') ? `${here}${path}` : `${here}.${path}`;
}
