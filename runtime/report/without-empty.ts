/**
 * A status as it is applied and compared: without empty fields. If its one manager empties an object,
 * server-side apply takes it for null, which no schema allows; and it writes an emptied list of type map or
 * set twice. If left out, both are simply removed.
 */

/**
 * @returns plain JSON without fields that are undefined, null, an empty object or an empty list, at any
 * depth. Items of lists stay, empty or not, because their number and order matter.
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
