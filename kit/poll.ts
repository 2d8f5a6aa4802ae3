/** Waits for a condition, with a deadline. The sandbox never waits for a guessed time. */

/** @returns the first value that is neither undefined nor false. Errors of `condition` count as "not yet". */
export async function poll<T>(
  what: string,
  timeoutSeconds: number,
  condition: () => Promise<T | undefined | false>,
): Promise<T> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    let cause: unknown;
    try {
      const value = await condition();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > deadline) throw new Error(`waited ${timeoutSeconds} s in vain for ${what}`, { cause });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
