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
