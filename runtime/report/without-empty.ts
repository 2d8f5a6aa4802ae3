/**
 * A status as it is applied and compared: fields that say nothing are left out. Server-side apply takes an object that its one
 * manager empties for null, which no schema allows, and writes a list of type map or set that becomes empty twice. Left out, both are
 * simply removed.
 */

/**
 * @returns plain JSON without fields that are undefined, null, an empty object or an empty list, however deep. Items of lists stay,
 * empty or not: their number and order mean something.
 */
export function withoutEmpty(value: unknown): unknown {
  return value === undefined ? {} : pruned(JSON.parse(JSON.stringify(value)));
}

function pruned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pruned);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, child]) => [name, pruned(child)] as const);
  return Object.fromEntries(fields.filter(([, child]) => !isEmpty(child)));
}

function isEmpty(value: unknown): boolean {
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}
