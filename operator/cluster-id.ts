/**
 * Asks once at the start which cluster this is. Whatever the answer is, the process does not end for it: it would come back, ask
 * again, and the Lease would go round.
 */
import { pauseSeconds, spread } from '../base/back-off.ts';
import type { Cluster } from '../runtime/client/cluster.ts';
import { sleep } from '../runtime/control/sleep.ts';
import type { Logger } from '../runtime/report/logger.ts';

const pauses = { firstSeconds: 0.5, longestSeconds: 60 };

/** Tries until there is an answer. @throws the signal's reason */
export async function clusterIDOf(
  cluster: Pick<Cluster, 'clusterID'>,
  logger: Pick<Logger, 'error'>,
  signal: AbortSignal,
  pause: (seconds: number, signal: AbortSignal) => Promise<void> = sleep,
): Promise<string> {
  for (let failures = 1; ; failures += 1) {
    signal.throwIfAborted();
    try {
      return await cluster.clusterID({ signal });
    } catch (error) {
      signal.throwIfAborted();
      logger.error(
        'cannot read which cluster this is (get namespaces kube-system); nothing is done until then',
        {
          error,
        },
      );
      await pause(spread(pauseSeconds(pauses, failures), [0.8, 1.2], Math.random), signal);
    }
  }
}
