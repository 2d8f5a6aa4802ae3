/** What both programs do with the process they run in. */

/** @param work told by its signal that SIGINT or SIGTERM came, or that nobody reads the output any more. @returns the exit code. */
export async function runInProcess(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals): void => controller.abort(new Error(`${signal} received`));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  // A closed pipe (`… | head`) is the reader's right, not an error of ours.
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
