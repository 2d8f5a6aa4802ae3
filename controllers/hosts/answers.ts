/** Answers of hosts, bounded in time: a look must not hang on a host that hangs. */
import { HostError } from '../../host-driver/host.ts';

/** One look must not wait longer for one host. */
const usualSeconds = 30;
/** For the last of its questions. */
const leastSeconds = 1;

/** Asks a host something. @throws HostError HostUnreachable when the answer does not come in time */
type Ask = <T>(question: (signal: AbortSignal) => Promise<T>) => Promise<T>;

/** For all questions of one look to one host. Together they have the time; what is done between them does not count. */
export function answersOf(address: string, signal: AbortSignal, longestSeconds = usualSeconds): Ask {
  let leftSeconds = longestSeconds;
  return async (question) => {
    const begin = performance.now();
    const deadline = AbortSignal.timeout(Math.ceil(Math.max(leastSeconds, leftSeconds) * 1000));
    try {
      return await question(AbortSignal.any([signal, deadline]));
    } catch (error) {
      signal.throwIfAborted();
      if (!deadline.aborted || error instanceof HostError) throw error;
      const message = `${address} did not answer within ${longestSeconds} s; check the machine and the network`;
      throw new HostError('HostUnreachable', address, message, error);
    } finally {
      leftSeconds -= (performance.now() - begin) / 1000;
    }
  };
}
