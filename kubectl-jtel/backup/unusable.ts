/** One backup that cannot be used must not hide the others; a store that does not answer says nothing about any of them. */
import { BlobError } from '../../blob-store/blob-store.ts';
import { InputError } from '../../controllers/inputs/input-error.ts';

/** @returns what is wrong with this backup. @throws the error itself when it is not about this backup. */
export function whyUnusable(error: unknown): string {
  if (error instanceof InputError) return error.message;
  // Longer than its manifest says, or not what was written.
  if (error instanceof BlobError && error.reason === 'DigestMismatch') return error.message;
  throw error;
}
