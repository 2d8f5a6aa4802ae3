/**
 * The one way in which tests wait: for a condition, with a deadline, never for a guessed time.
 * An empty text is not there yet either: so it may be what a command has printed so far.
 * @param what is told if it does not come; a function can add what was seen last
 */
export async function waitFor<T>(
  what: string | (() => string),
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  options: { readonly timeoutSeconds?: number; readonly intervalMilliseconds?: number } = {},
): Promise<T> {
  const { timeoutSeconds = 60, intervalMilliseconds = 50 } = options;
  const deadline = Date.now() + timeoutSeconds * 1000;
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
    await new Promise((resolve) => setTimeout(resolve, intervalMilliseconds));
  }
}
