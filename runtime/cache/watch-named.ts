/** Tells the changes of one object that is known by name, without listing its kind and without its content: for Secrets. */
import type { ResourceKind } from '../kind.ts';
import { isForbidden } from '../client/api-error.ts';
import type { KubeConnection } from '../client/connection.ts';
import { sleep } from '../control/sleep.ts';
import type { KubernetesObject, ObjectKey } from '../objects.ts';
import { watchOnce } from './watch-once.ts';

const lastsSeconds = 240;
const graceSeconds = 10;
const longestPauseSeconds = 30;
/** Rights are given by people. */
const forbiddenPauseSeconds = 300;

/**
 * Calls `changed` for each change, and once at the beginning when the object is there: what came between the caller's read and the watch is
 * not missed. Runs until the signal aborts; never throws.
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
      const pauseSeconds =
        end.reason === 'Failed' && isForbidden(end.error)
          ? forbiddenPauseSeconds
          : Math.min(longestPauseSeconds, 2 ** failures);
      failures += 1;
      await sleep(pauseSeconds * (0.75 + Math.random() / 2), signal);
    }
  }
}
