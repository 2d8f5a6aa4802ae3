/**
 * A value with everything in it that a schema knows, and the places in it that may be empty. Made from the
 * CRDs, so that a new field is in them.
 */
import type { Schema } from '../../../crds/crd.ts';

/** Strings that pass, by the name of their field. */
const strings: Readonly<Record<string, string>> = {
  name: 'sample',
  type: 'Sample',
  reason: 'Sample',
  address: '192.0.2.9',
  user: 'jtel',
  ip: '192.0.2.10',
  timeZone: 'Etc/UTC',
  month: '2026-03',
};
const fingerprint = `SHA256:${'A'.repeat(43)}`;

/**
 * Everything that the schema knows, with one item in each list.
 * @param field name of the field that it is for
 */
export function full(schema: Schema, field = ''): unknown {
  if (schema.enum !== undefined) return schema.enum[0];
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, child]) => [name, full(child, name)]),
      );
    case 'array':
      return [full(schema.items ?? {}, field)];
    case 'integer':
      return schema.minimum ?? 1;
    case 'boolean':
      return true;
    default:
      return schema.format === 'date-time'
        ? '2026-03-01T12:00:00Z'
        : field === 'hostKeyFingerprints'
          ? fingerprint
          : (strings[field] ?? 'sample');
  }
}

export interface EmptyPlace {
  /** Such as `dataHost.host.dns.hosts`, or `formerHosts[].host.dns`. */
  readonly path: string;
  readonly steps: readonly (string | 0)[];
  readonly empty: object;
  readonly required: boolean;
}

/** Every object and list below a schema that the schema allows to be empty. */
export function emptyPlaces(
  schema: Schema,
  path = '',
  steps: readonly (string | 0)[] = [],
): readonly EmptyPlace[] {
  if (schema.type === 'array') return emptyPlaces(schema.items ?? {}, `${path}[]`, [...steps, 0]);
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const place = {
      path: path === '' ? name : `${path}.${name}`,
      steps: [...steps, name],
      required: schema.required?.includes(name) === true,
    };
    const mayBeEmpty =
      child.type === 'array'
        ? (child.minItems ?? 0) === 0
        : child.type === 'object' && (child.required ?? []).length === 0;
    return [
      ...(mayBeEmpty ? [{ ...place, empty: child.type === 'array' ? [] : {} }] : []),
      ...emptyPlaces(child, place.path, place.steps),
    ];
  });
}

/** A copy with `value` at a place. */
export function withAt(object: unknown, [step, ...rest]: readonly (string | 0)[], value: unknown): unknown {
  if (step === undefined) return value;
  if (step === 0) return (object as readonly unknown[]).map((item) => withAt(item, rest, value));
  return {
    ...(object as Record<string, unknown>),
    [step]: withAt((object as Record<string, unknown>)[step], rest, value),
  };
}
