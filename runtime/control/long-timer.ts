/** Timers longer than 24.8 days, which Node would fire at once. */

const LONGEST_MILLISECONDS = 2 ** 31 - 1;

/** Like `setTimeout`; returns a function that cancels it. */
export function setTimeoutLong(callback: () => void, milliseconds: number): () => void {
  const end = performance.now() + milliseconds;
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const left = end - performance.now();
    timer =
      left > LONGEST_MILLISECONDS
        ? setTimeout(arm, LONGEST_MILLISECONDS)
        : setTimeout(callback, Math.max(0, left));
  };
  arm();
  return () => clearTimeout(timer);
}
