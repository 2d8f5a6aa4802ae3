/** Cleaning up that never hides why the work failed: if the connection is gone, both fail. */

/** @returns what `work` does. @throws what `work` throws; what `after` throws, if only that fails. */
export async function workThen<T>(work: () => Promise<T>, after: () => Promise<unknown>): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await after().catch(() => undefined);
    throw error;
  }
  await after();
  return result;
}
