/** Processor time of the thread that asks, in milliseconds: called by the event loop's. */
export function loopMilliseconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
