/**
 * No look lasts for ever. One that takes too long is told to stop, as when the process ends. If it does not even
 * do that, its worker leaves it.
 */
export interface LookLimits {
  /** Far above what the time limits of a look's parts add up to. Default 600. */
  readonly longestSeconds?: number;
  /** Time to end in after being told to. Default 60. */
  readonly graceSeconds?: number;
}

/** A look took longer than any look should. */
class LookTooLong extends Error {
  override readonly name = 'LookTooLong';
}

/** @throws LookTooLong if it did not end in time */
export async function boundedLook<T>(
  { longestSeconds = 600, graceSeconds = 60 }: LookLimits,
  signal: AbortSignal,
  look: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const bounds = new AbortController();
  const left = Promise.withResolvers<never>();
  const stop = (): void => bounds.abort(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const tooLong = setTimeout(
    () => bounds.abort(new LookTooLong(`the look took longer than ${longestSeconds} s`)),
    longestSeconds * 1000,
  );
  const abandoned = setTimeout(
    () => left.reject(new LookTooLong(`the look did not end ${graceSeconds} s after it was told to`)),
    (longestSeconds + graceSeconds) * 1000,
  );
  try {
    return await Promise.race([look(bounds.signal), left.promise]);
  } catch (error) {
    // Whatever of it still runs is not awaited any more.
    bounds.abort(error);
    throw error;
  } finally {
    clearTimeout(tooLong);
    clearTimeout(abandoned);
    signal.removeEventListener('abort', stop);
  }
}
