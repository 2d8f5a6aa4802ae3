/** Reads what a caller may lack the right for. */
import { isForbidden } from '../runtime/client/api-error.ts';

/** @returns undefined if the caller lacks the right. */
export async function seen<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
}

/** Where docs/install.md puts the operator, and its Lease. */
export const usualNamespace = 'jtel-system';

/**
 * Lists what belongs to operators, in all namespaces, or where an operator usually is if the caller may not list in all.
 * @param namespace the only one to look in
 * @returns undefined if the caller lacks the right.
 */
export async function seenOfOperator<T>(
  list: (query: { readonly namespace?: string }) => Promise<readonly T[]>,
  namespace: string | undefined,
): Promise<readonly T[] | undefined> {
  if (namespace !== undefined) return await seen(() => list({ namespace }));
  return (await seen(() => list({}))) ?? (await seen(() => list({ namespace: usualNamespace })));
}
