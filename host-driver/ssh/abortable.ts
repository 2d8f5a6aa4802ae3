/** Stops waiting for work that continues, because others wait for it too. @throws the signal's reason. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = () => reject(signal.reason);
    // Also for a caller who gave up before: a rejection that nobody awaits would count as unexpected.
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
    if (signal.aborted) return aborted();
    signal.addEventListener('abort', aborted, { once: true });
  });
}
