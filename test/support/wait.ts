/**
 * The one way in which tests wait: for a condition, with a deadline, never for a guessed time.
 * An empty text is not there yet either: so it may be what a command has printed so far.
 * @param what is told if it does not come; a function can add what was seen last
 * @param options without an interval it asks after 50 ms, and less often what is long in coming
 */
export async function waitFor<T>(
  what: string | (() => string),
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  options: { readonly timeoutSeconds?: number; readonly intervalMilliseconds?: number } = {},
): Promise<T> {
  const { timeoutSeconds = 60, intervalMilliseconds } = options;
  const start = Date.now();
  const deadline = start + timeoutSeconds * 1000;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value !== undefined && value !== false && value !== '') return value;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (Date.now() > deadline) {
      throw new Error(
        `waited ${timeoutSeconds} s in vain for: ${typeof what === 'string' ? what : what()}`,
        lastError === undefined ? undefined : { cause: lastError },
      );
    }
    const pause = intervalMilliseconds ?? usualPause(Date.now() - start);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** Milliseconds. What is long in coming is asked for less often: most conditions start a program. */
function usualPause(waitedMilliseconds: number): number {
  return Math.min(500, Math.max(50, waitedMilliseconds / 20));
}
