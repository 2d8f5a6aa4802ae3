/** One watch, from its start to its end, as a promise; on client-node's `Watch`. */
import { Watch } from '@kubernetes/client-node';
import type { ResourceKind } from '../../../crds/kind.ts';
import type { KubeConnection } from '../client/connection.ts';
import { collectionPath } from '../client/paths.ts';
import type { KubernetesObject } from '../objects.ts';

export type WatchEnd =
  /** Ended by the server as agreed: go on from the last version. */
  | { readonly reason: 'Ended' }
  /** The server no longer has that version: list again. */
  | { readonly reason: 'Expired' }
  /** Overdue: the connection is half-open, or the server hangs. */
  | { readonly reason: 'Silent' }
  | { readonly reason: 'Failed'; readonly error: unknown }
  | { readonly reason: 'Aborted' };

export interface WatchRequest {
  readonly namespace: string | undefined;
  readonly resourceVersion: string;
  /**
   * The server ends the watch after so long (with a bookmark shortly before), so that one which lasts longer is known
   * to be dead. Below 30: client-node's Watch gives up after 30 s of silence, and bookmarks come once a minute.
   */
  readonly lastsSeconds: number;
  /** Time past its end until a watch counts as dead. */
  readonly graceSeconds: number;
}

export interface WatchHandlers<T> {
  changed(object: T): void;
  deleted(object: T): void;
  /** Everything up to this version has been told. */
  reached(resourceVersion: string): void;
}

export async function watchOnce<T extends KubernetesObject>(
  connection: KubeConnection,
  kind: ResourceKind<T>,
  request: WatchRequest,
  handlers: WatchHandlers<T>,
  signal: AbortSignal,
): Promise<WatchEnd> {
  const { promise, resolve } = Promise.withResolvers<WatchEnd>();
  let ended = false;
  const end = (reason: WatchEnd): void => {
    ended = true;
    resolve(reason);
  };
  const timer = setTimeout(() => end({ reason: 'Silent' }), (request.lastsSeconds + request.graceSeconds) * 1000);
  const abort = (): void => end({ reason: 'Aborted' });
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();

  const started = new Watch(connection).watch(
    collectionPath(kind, request.namespace),
    { resourceVersion: request.resourceVersion, allowWatchBookmarks: true, timeoutSeconds: Math.max(1, Math.round(request.lastsSeconds)) },
    (type: string, object: unknown) => {
      // Late lines of a watch that was given up must not overtake those of its successor.
      if (ended) return;
      try {
        deliver(type, object, handlers, end);
      } catch (error) {
        // Watch would swallow it, and with it the change.
        end({ reason: 'Failed', error });
      }
    },
    (error: unknown) => end(endOf(error)),
  );
  // The controller comes only when the server has answered; the way to end the watch then, should it be given up by now.
  void started.then(
    (controller) => promise.then(() => controller.abort()),
    (error: unknown) => end({ reason: 'Failed', error }),
  );
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

function deliver<T extends KubernetesObject>(type: string, payload: unknown, handlers: WatchHandlers<T>, end: (end: WatchEnd) => void): void {
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
      handlers.changed(payload as T);
      break;
    case 'DELETED':
      handlers.deleted(payload as T);
      break;
    case 'BOOKMARK':
      break;
    case 'ERROR':
      return end(endOfStatus(payload));
    default:
      return end({ reason: 'Failed', error: new Error(`watch: unknown event type ${JSON.stringify(type)}`) });
  }
  const version = (payload as KubernetesObject).metadata?.resourceVersion;
  if (version !== undefined) handlers.reached(version);
}

function endOfStatus(payload: unknown): WatchEnd {
  const status = payload as { readonly code?: number; readonly reason?: string; readonly message?: string };
  if (status.code === 410 || status.reason === 'Expired' || status.reason === 'Gone') return { reason: 'Expired' };
  return { reason: 'Failed', error: new Error(`watch: HTTP ${status.code ?? 'error'} ${status.reason ?? ''} ${status.message ?? ''}`) };
}

function endOf(error: unknown): WatchEnd {
  if (error === null || error === undefined) return { reason: 'Ended' };
  if (typeof error === 'object' && 'statusCode' in error && error.statusCode === 410) return { reason: 'Expired' };
  return { reason: 'Failed', error };
}
