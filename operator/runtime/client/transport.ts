/** One request to the API server: JSON in, JSON out, bounded in time, every failure an `ApiError`. */
import { HttpMethod, RequestContext } from '@kubernetes/client-node';
import { request as send } from 'undici';
import { ApiError, NO_ANSWER } from './api-error.ts';
import type { CallOptions } from './cluster.ts';
import type { KubeConnection } from './connection.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path without query, each segment encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** Default application/json. */
  readonly contentType?: string;
  /** What is done to what, for error messages: `apply jtelstacks default/demo`. */
  readonly purpose: string;
}

/** Told after each call; `status` is 0 when no answer came. */
export type CallObserver = (call: { readonly method: string; readonly purpose: string; readonly status: number; readonly seconds: number }) => void;

const DEFAULT_TIMEOUT_SECONDS = 15;

export async function callApi(
  connection: KubeConnection,
  request: ApiRequest,
  options: CallOptions,
  observe?: CallObserver,
): Promise<unknown> {
  options.signal.throwIfAborted();
  const timeoutSeconds = options.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;
  const controller = new AbortController();
  const abort = (): void => controller.abort(options.signal.reason);
  options.signal.addEventListener('abort', abort, { once: true });
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    controller.abort();
  }, timeoutSeconds * 1000);
  const start = performance.now();
  let status = NO_ANSWER;
  try {
    const answer = await orAborted(exchange(connection, request, controller.signal), controller.signal);
    status = answer.status;
    if (status >= 200 && status < 300) return answer.body;
    throw errorFrom(request, answer);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    if (options.signal.aborted) throw options.signal.reason;
    const where = `${request.purpose} at ${connection.server}`;
    if (timedOut) throw new ApiError(NO_ANSWER, 'Timeout', `${where}: no answer within ${timeoutSeconds} s`, { cause: error });
    throw new ApiError(NO_ANSWER, 'Unreachable', `${where}: ${messageOf(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener('abort', abort);
    observe?.({ method: request.method, purpose: request.purpose, status, seconds: (performance.now() - start) / 1000 });
  }
}

/**
 * Ends with the signal, come what may: undici leaves a request that still waits for a connection alone when its signal
 * aborts (until the connection's own time-out), and drops it when its turn comes.
 */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfter: string | undefined;
}

async function exchange(connection: KubeConnection, request: ApiRequest, signal: AbortSignal): Promise<Answer> {
  const url = new URL(connection.server + request.path);
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  // client-node finds credentials and connections, as it does for its own Watch.
  const context = new RequestContext(url.toString(), HttpMethod.GET);
  await connection.applySecurityAuthentication(context);
  signal.throwIfAborted();
  const dispatcher = context.getDispatcher();
  const response = await send(url, {
    method: request.method,
    headers: {
      ...context.getHeaders(),
      accept: 'application/json',
      'user-agent': 'jtel-operator',
      ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
    },
    body: request.body === undefined ? null : JSON.stringify(request.body),
    signal,
    ...(dispatcher === undefined ? {} : { dispatcher }),
  });
  const text = await response.body.text();
  const retryAfter = response.headers['retry-after'];
  return {
    status: response.statusCode,
    body: parse(text),
    retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

interface StatusBody {
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

/** The server explains itself in a `metav1.Status`; a proxy in between may answer with any text. */
function errorFrom(request: ApiRequest, answer: Answer): ApiError {
  const body: StatusBody = typeof answer.body === 'object' && answer.body !== null ? answer.body : {};
  const text = body.message ?? (typeof answer.body === 'string' ? answer.body.trim().slice(0, 300) : '');
  const retryAfterSeconds = body.details?.retryAfterSeconds ?? (answer.retryAfter === undefined ? undefined : Number(answer.retryAfter));
  return new ApiError(answer.status, body.reason ?? 'Unknown', `${request.purpose}: HTTP ${answer.status} ${text}`.trimEnd(), {
    retryAfterSeconds: Number.isFinite(retryAfterSeconds) ? retryAfterSeconds : undefined,
  });
}

/** undici hides the reason (ECONNREFUSED, certificate …) in `cause`. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? `${error.code} ` : '';
  const cause = error.cause === undefined ? '' : `: ${messageOf(error.cause)}`;
  return `${code}${error.message}${cause}`;
}
