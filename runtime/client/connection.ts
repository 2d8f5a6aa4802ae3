/**
 * The connection to one API server: its address, our identity, and a few kept-alive connections.
 * client-node's KubeConfig knows how to log in. It is loaded with the first connection, because everything
 * else here works without it.
 */
import { existsSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { defaultKubeconfigFiles, kubeconfigAccess, type KubeAccess } from './kubeconfig.ts';
import type { MendedKubeConfig, Session } from './mended-kube-config.ts';
import { Semaphore } from '../../base/semaphore.ts';

export interface ConnectionOptions {
  /** Sent with every request: the calling program. */
  readonly userAgent: string;
  /**
   * Merged as kubectl does. If absent: inside a pod its service account, else KUBECONFIG or ~/.kube/config.
   */
  readonly files?: readonly string[] | undefined;
  /** A context other than the current one. */
  readonly context?: string | undefined;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

export type HttpAnswer = Pick<Dispatcher.ResponseData, 'statusCode' | 'headers' | 'body'>;

/** Calls that run at the same time. A watch has a connection of its own while it lasts. */
const callsAtOnce = 8;

/** How a kept connection ends if the server closed it just when it was used again. */
const tornCodes = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

export class KubeConnection {
  /** Bounds the calls at the same time; watches do not count. */
  readonly calls = new Semaphore(callsAtOnce);
  readonly #config: MendedKubeConfig;
  readonly #userAgent: string;

  private constructor(config: MendedKubeConfig, userAgent: string) {
    this.#config = config;
    this.#userAgent = userAgent;
  }

  /** Connects where `kubectl` would. @throws {Error} that says what is wrong in which kubeconfig. */
  static async load({ userAgent, files, context }: ConnectionOptions): Promise<KubeConnection> {
    if (files === undefined && isInPod()) return await KubeConnection.inPod(userAgent);
    return await KubeConnection.to(kubeconfigAccess(files ?? defaultKubeconfigFiles(), context), userAgent);
  }

  /** Connects to the cluster and as the user of a context. */
  static async to(access: KubeAccess, userAgent: string): Promise<KubeConnection> {
    const { MendedKubeConfig } = await import('./mended-kube-config.ts');
    return new KubeConnection(new MendedKubeConfig(access), userAgent);
  }

  /** Connects as the service account of this process's pod. @param root the directory above its files. */
  static async inPod(userAgent: string, root = ''): Promise<KubeConnection> {
    const { MendedKubeConfig } = await import('./mended-kube-config.ts');
    return new KubeConnection(new MendedKubeConfig(undefined, root), userAgent);
  }

  /** URL of the API server, without a slash at its end. */
  get server(): string {
    return this.#config.server;
  }

  /** Namespace of the context, or of the pod's service account. */
  get namespace(): string | undefined {
    return this.#config.namespace;
  }

  /**
   * Our identity as of now. That may take a program or a person, so only the signal bounds it, and it comes
   * before the time of a call begins.
   */
  async login(signal: AbortSignal): Promise<Session> {
    signal.throwIfAborted();
    return await untilAborted(this.#config.session(), signal);
  }

  /**
   * Sends a request and returns the answer as soon as its head has arrived. The signal bounds it until its
   * body was read.
   */
  async send({ dispatcher, headers }: Session, request: HttpRequest): Promise<HttpAnswer> {
    const { url, method, body = null, signal } = request;
    // A connection becomes free one turn of the event loop after the end of its answer. A call that came at
    // once would open another.
    await nextTurn();
    // undici notices the signal only when it is connected; then it no longer sends anything.
    const send = (): Promise<HttpAnswer> =>
      untilAborted(
        dispatcher.request({
          origin: url.origin,
          path: `${url.pathname}${url.search}`,
          method,
          headers: { 'user-agent': this.#userAgent, ...headers, ...request.headers },
          body,
          signal,
          headersTimeout: 0,
          bodyTimeout: 0,
        }),
        signal,
      );
    const answer = await send().catch((error: unknown) => {
      if (method === 'GET' && isTorn(error) && !signal.aborted) return send();
      throw error;
    });
    if (answer.statusCode === 401) this.#config.forget();
    return answer;
  }

  /** Ends all connections, including those of running calls. */
  async close(): Promise<void> {
    await this.#config.close();
  }
}

/** A later result does not count. @throws the signal's reason as soon as it aborts. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
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

/** Sends a read once more on another connection, as every HTTP client does; never a write. */
function isTorn(error: unknown): boolean {
  return error instanceof Error && 'code' in error && tornCodes.has(String(error.code));
}

function isInPod(): boolean {
  const host = process.env['KUBERNETES_SERVICE_HOST'] ?? '';
  return host !== '' && existsSync('/var/run/secrets/kubernetes.io/serviceaccount/token');
}
