/** What both programs do with their process. */

/**
 * @param work gets a signal that aborts on SIGINT or SIGTERM, or when nobody reads the output any more.
 *   @returns the exit code.
 */
export async function runInProcess(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals): void => controller.abort(new Error(`${signal} received`));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  // A reader may close the pipe (`… | head`); that is not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    controller.abort(error);
  });
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}
