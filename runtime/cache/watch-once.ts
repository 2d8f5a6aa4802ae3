/**
 * One watch, from its start to its end, as a promise. It does not use client-node's `Watch`, which swallows
 * what handlers throw and what the server says when it refuses, and cannot be ended before it was answered.
 */
import type { Readable } from 'node:stream';
import type { ResourceKind } from '../kind.ts';
import type { KubeConnection } from '../client/connection.ts';
import { isGone } from '../client/api-error.ts';
import type { Session } from '../client/mended-kube-config.ts';
import { collectionPath } from '../client/paths.ts';
import { answerOf, errorFrom, parse, urlOf } from '../client/transport.ts';
import type { KubernetesObject } from '../objects.ts';

export type WatchEnd =
  /** The server ended it as agreed: continue from the last version. */
  | { readonly reason: 'Ended' }
  /** The server no longer has that version: list again. */
  | { readonly reason: 'Expired' }
  /** Overdue: the connection is half-open, or the server hangs. */
  | { readonly reason: 'Silent' }
  | { readonly reason: 'Failed'; readonly error: unknown }
  | { readonly reason: 'Aborted' };

export interface WatchRequest {
  readonly namespace: string | undefined;
  /** Empty: from now on; existing objects come first. */
  readonly resourceVersion: string;
  /** The content of the objects is not sent. Default false. */
  readonly metadataOnly?: boolean;
  /**
   * The server ends the watch after this time (with a bookmark shortly before). A watch that lasts longer is
   * dead.
   */
  readonly lastsSeconds: number;
  /** Time past its end after which a watch counts as dead. */
  readonly graceSeconds: number;
}

export interface WatchHandlers<T> {
  changed(object: T): void;
  deleted(object: T): void;
  /** Everything up to this version was delivered. */
  reached(resourceVersion: string): void;
}

/** The largest object that the server takes has a tenth of it. */
const longestLine = 16 * 1024 * 1024;

const metadataOnly = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

export async function watchOnce<T extends KubernetesObject>(
  connection: KubeConnection,
  kind: ResourceKind<T>,
  request: WatchRequest,
  handlers: WatchHandlers<T>,
  signal: AbortSignal,
): Promise<WatchEnd> {
  const controller = new AbortController();
  let silent = false;
  let timer: NodeJS.Timeout | undefined;
  const abort = (): void => controller.abort();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    const session = await connection.login(controller.signal);
    timer = setTimeout(
      () => {
        silent = true;
        controller.abort();
      },
      (request.lastsSeconds + request.graceSeconds) * 1000,
    );
    return await follow(connection, session, kind, request, handlers, controller.signal);
  } catch (error) {
    if (signal.aborted) return { reason: 'Aborted' };
    if (silent) return { reason: 'Silent' };
    return isGone(error) ? { reason: 'Expired' } : { reason: 'Failed', error };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    // After its end, whatever the reason, this watch must deliver nothing more.
    controller.abort();
  }
}

/** Delivers line by line until the server ends the stream, or says why it cannot continue. */
async function follow<T extends KubernetesObject>(
  connection: KubeConnection,
  session: Session,
  kind: ResourceKind<T>,
  request: WatchRequest,
  handlers: WatchHandlers<T>,
  signal: AbortSignal,
): Promise<WatchEnd> {
  const purpose = `watch ${kind.plural}`;
  const query = {
    watch: true,
    resourceVersion: request.resourceVersion,
    allowWatchBookmarks: true,
    timeoutSeconds: Math.max(1, Math.round(request.lastsSeconds)),
  };
  const url = urlOf(connection, collectionPath(kind, request.namespace), query);
  const response = await connection.send(session, {
    method: 'GET',
    url,
    headers: { accept: request.metadataOnly === true ? metadataOnly : 'application/json' },
    signal,
  });
  if (response.statusCode !== 200) throw errorFrom({ purpose }, await answerOf(response));
  for await (const line of linesOf(response.body)) {
    const end = deliver(line, handlers);
    if (end !== undefined) return end;
  }
  return { reason: 'Ended' };
}

/** Whole lines only; throws if the stream breaks before its agreed end, or at a line that no object has. */
async function* linesOf(response: Readable): AsyncGenerator<string> {
  response.setEncoding('utf8');
  let begun: string[] = [];
  let length = 0;
  for await (const chunk of response) {
    const [first = '', ...others] = String(chunk).split('\n');
    begun.push(first);
    length += first.length;
    if (length > longestLine) throw new Error(`watch: an event has more than ${longestLine} characters`);
    const last = others.pop();
    if (last === undefined) continue;
    yield begun.join('');
    yield* others;
    begun = [last];
    length = last.length;
  }
}

function deliver<T extends KubernetesObject>(line: string, handlers: WatchHandlers<T>): WatchEnd | undefined {
  const event = parse(line);
  if (typeof event !== 'object' || event === null || !('type' in event) || !('object' in event))
    return { reason: 'Failed', error: new Error('watch: the answer is not a stream of events') };
  switch (event.type) {
    case 'ADDED':
    case 'MODIFIED':
      handlers.changed(event.object as T);
      break;
    case 'DELETED':
      handlers.deleted(event.object as T);
      break;
    case 'BOOKMARK':
      break;
    case 'ERROR':
      return endOfStatus(event.object);
    default:
      return {
        reason: 'Failed',
        error: new Error(`watch: unknown event type ${JSON.stringify(event.type)}`),
      };
  }
  const version = (event.object as KubernetesObject).metadata?.resourceVersion;
  if (version !== undefined) handlers.reached(version);
  return undefined;
}

function endOfStatus(payload: unknown): WatchEnd {
  const status = payload as { readonly code?: number; readonly reason?: string; readonly message?: string };
  if (status.code === 410 || status.reason === 'Expired' || status.reason === 'Gone')
    return { reason: 'Expired' };
  return {
    reason: 'Failed',
    error: new Error(`watch: HTTP ${status.code ?? 'error'} ${status.reason ?? ''} ${status.message ?? ''}`),
  };
}
