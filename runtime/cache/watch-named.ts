/** Watches one object by name, without listing its kind and without its content. For Secrets. */
import type { ResourceKind } from '../kind.ts';
import { isForbidden } from '../client/api-error.ts';
import type { KubeConnection } from '../client/connection.ts';
import { pauseSeconds, spread, type BackOff } from '../../base/back-off.ts';
import { sleep } from '../control/sleep.ts';
import type { KubernetesObject, ObjectKey } from '../objects.ts';
import { watchOnce } from './watch-once.ts';

const lastsSeconds = 240;
const graceSeconds = 10;
const pauses: BackOff = { firstSeconds: 1, longestSeconds: 30 };
/** A person may grant the missing right at any time. */
const forbiddenPauseSeconds = 300;

/**
 * Calls `changed` for each change, and once at the beginning if the object exists, so a change between the
 * caller's read and the watch is not missed. Runs until the signal aborts; never throws.
 */
export async function watchNamed(
  connection: KubeConnection,
  kind: ResourceKind<KubernetesObject>,
  { namespace, name }: ObjectKey,
  changed: () => void,
  signal: AbortSignal,
): Promise<void> {
  let version = '';
  for (let failures = 0; !signal.aborted;) {
    const handlers = {
      changed,
      deleted: changed,
      reached: (reached: string): void => {
        version = reached;
      },
    };
    const end = await watchOnce(
      connection,
      kind,
      { namespace, name, resourceVersion: version, lastsSeconds, graceSeconds },
      handlers,
      signal,
    );
    if (end.reason === 'Ended') failures = 0;
    else if (end.reason === 'Expired') version = '';
    else if (end.reason === 'Failed' || end.reason === 'Silent') {
      failures += 1;
      const pause =
        end.reason === 'Failed' && isForbidden(end.error)
          ? forbiddenPauseSeconds
          : pauseSeconds(pauses, failures);
      await sleep(spread(pause, [0.75, 1.25], Math.random), signal);
    }
  }
}
