/**
 * The list of carried-out orders. A host remembers it, the stack's status repeats it, and backups include it.
 * Pure.
 */
import type { CarriedOutOrder } from './host.ts';

/** The list keeps so many; older ones are forgotten. */
const mostRemembered = 100;

/**
 * Merges the lists: oldest first, each order once, as it was noted last. Invalid entries are left out: a host
 * is trusted no more than necessary.
 */
export function mergeCarriedOut(
  ...lists: readonly (readonly CarriedOutOrder[] | undefined)[]
): readonly CarriedOutOrder[] {
  const merged = new Map<string, CarriedOutOrder>();
  for (const order of lists.flatMap((list) =>
    Array.isArray(list) ? (list as readonly CarriedOutOrder[]) : [],
  )) {
    if (isCarriedOutOrder(order) && (merged.get(order.id)?.time ?? '') < order.time)
      merged.set(order.id, order);
  }
  return [...merged.values()].toSorted((a, b) => (a.time < b.time ? -1 : 1)).slice(-mostRemembered);
}

function isCarriedOutOrder(value: unknown): value is CarriedOutOrder {
  const { id, name, requestUID, backupID, time } = (value ?? {}) as Partial<
    Record<keyof CarriedOutOrder, unknown>
  >;
  const isText = (text: unknown, longest: number): boolean =>
    typeof text === 'string' && text !== '' && text.length <= longest;
  const isTime = isText(time, 40) && !Number.isNaN(Date.parse(String(time)));
  return (
    isTime &&
    isText(id, 64) &&
    isText(name, 253) &&
    isText(requestUID, 63) &&
    (backupID === undefined || isText(backupID, 63))
  );
}
