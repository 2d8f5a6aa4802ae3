/** Reads blobs that may be missing. */
import { BlobError, type BlobStore } from './blob-store.ts';

/**
 * @returns undefined if there is no such blob. @throws {BlobError} as {@link BlobStore.read} does otherwise
 */
export async function readIfThere(
  store: BlobStore,
  name: string,
  maximumBytes: number,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  try {
    return await store.read(name, maximumBytes, signal);
  } catch (error) {
    if (error instanceof BlobError && error.reason === 'BlobNotFound') return undefined;
    throw error;
  }
}

/**
 * @param missing makes the error for a missing blob: what that means, and what to do
 * @throws {BlobError} as {@link BlobStore.read} does otherwise
 */
export async function readOr(
  store: BlobStore,
  name: string,
  maximumBytes: number,
  signal: AbortSignal,
  missing: () => Promise<Error>,
): Promise<Buffer> {
  const content = await readIfThere(store, name, maximumBytes, signal);
  if (content === undefined) throw await missing();
  return content;
}
