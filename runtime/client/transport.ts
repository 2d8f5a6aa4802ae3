/** One request to the API server: JSON in, JSON out, bounded in time; every failure is an `ApiError`. */
import { ByteCollector } from '../../base/byte-collector.ts';
import { ApiError, NO_ANSWER } from './api-error.ts';
import type { CallOptions } from './cluster.ts';
import type { HttpAnswer, KubeConnection } from './connection.ts';
import { traced } from '../report/trace.ts';
import type { Session } from './mended-kube-config.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path without query, each segment encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** Default application/json. */
  readonly contentType?: string;
  /** The operation and its object, for error messages: `apply jtelstacks default/demo`. */
  readonly purpose: string;
}

/** Called after each call; `status` is 0 if no answer came. */
export type CallObserver = (call: {
  readonly method: string;
  readonly purpose: string;
  readonly status: number;
  readonly seconds: number;
  /** The server's answer, if it was a refusal. */
  readonly error?: ApiError;
}) => void;

const DEFAULT_TIMEOUT_SECONDS = 15;

/** Ten of the largest objects that the server takes. A list of more is asked for in smaller pages. */
const longestAnswer = 16 * 1024 * 1024;
/** Reason of an {@link ApiError}. */
export const tooLarge = 'AnswerTooLarge';

class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge';

  constructor() {
    super(`the answer has more than ${longestAnswer / 2 ** 20} MiB; it was not read`);
  }
}

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
  let timer: NodeJS.Timeout | undefined;
  const startTimer = (): void => {
    timer = setTimeout(() => {
      timedOut = true;
      controller.abort();
    }, timeoutSeconds * 1000);
  };
  const start = performance.now();
  let status = NO_ANSWER;
  let refusal: ApiError | undefined;
  try {
    // A person who logs in may need longer than a call.
    const session = await connection.login(options.signal);
    startTimer();
    const { purpose } = request;
    const answer = await traced('call', { purpose }, () =>
      connection.calls.run(controller.signal, () =>
        exchange(connection, session, request, controller.signal),
      ),
    );
    status = answer.status;
    if (status >= 200 && status < 300) return answer.body;
    refusal = errorFrom(request, answer);
    throw refusal;
  } catch (error) {
    if (error instanceof ApiError) throw error;
    if (options.signal.aborted) throw options.signal.reason;
    const where = `${request.purpose} at ${connection.server}`;
    if (error instanceof AnswerTooLarge)
      throw new ApiError(NO_ANSWER, tooLarge, `${where}: ${error.message}`, { cause: error });
    if (timedOut)
      throw new ApiError(NO_ANSWER, 'Timeout', `${where}: no answer within ${timeoutSeconds} s`, {
        cause: error,
      });
    throw new ApiError(NO_ANSWER, 'Unreachable', `${where}: ${messageOf(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener('abort', abort);
    observe?.({
      method: request.method,
      purpose: request.purpose,
      status,
      seconds: (performance.now() - start) / 1000,
      ...(refusal === undefined ? {} : { error: refusal }),
    });
  }
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfter: string | undefined;
}

async function exchange(
  connection: KubeConnection,
  session: Session,
  request: ApiRequest,
  signal: AbortSignal,
): Promise<Answer> {
  const response = await connection.send(session, {
    method: request.method,
    url: urlOf(connection, request.path, request.query),
    headers: {
      accept: 'application/json',
      ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
    },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    signal,
  });
  return await answerOf(response);
}

/** Reads an answer to its end. @throws AnswerTooLarge; the rest is not read */
export async function answerOf({ statusCode, headers, body }: HttpAnswer): Promise<Answer> {
  const retryAfter = headers['retry-after'];
  const content = new ByteCollector();
  for await (const piece of body) {
    content.add(piece as Buffer);
    if (content.length > longestAnswer) throw new AnswerTooLarge();
  }
  return {
    status: statusCode,
    body: parse(content.bytes().toString('utf8')),
    retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
  };
}

export function urlOf(connection: KubeConnection, path: string, query: ApiRequest['query'] = {}): URL {
  const url = new URL(connection.server + path);
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.set(name, String(value));
  return url;
}

export function parse(content: string): unknown {
  try {
    return JSON.parse(content) as unknown;
  } catch {
    return content;
  }
}

interface StatusBody {
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

/** The server explains itself in a `metav1.Status`. A proxy in between may answer with any text. */
export function errorFrom(request: Pick<ApiRequest, 'purpose'>, answer: Answer): ApiError {
  const body: StatusBody = typeof answer.body === 'object' && answer.body !== null ? answer.body : {};
  const explanation =
    body.message ?? (typeof answer.body === 'string' ? answer.body.trim().slice(0, 300) : '');
  const retryAfterSeconds =
    body.details?.retryAfterSeconds ??
    (answer.retryAfter === undefined ? undefined : Number(answer.retryAfter));
  return new ApiError(
    answer.status,
    body.reason ?? 'Unknown',
    `${request.purpose}: HTTP ${answer.status} ${explanation}`.trimEnd(),
    {
      retryAfterSeconds: Number.isFinite(retryAfterSeconds) ? retryAfterSeconds : undefined,
    },
  );
}

/** With the code (ECONNREFUSED, certificate …) and its cause. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? `${error.code} ` : '';
  const cause = error.cause === undefined ? '' : `: ${messageOf(error.cause)}`;
  return `${code}${error.message}${cause}`;
}
