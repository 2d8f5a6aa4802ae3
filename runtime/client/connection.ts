/**
 * The way to one API server: address, login, connections. All requests share a few kept-alive connections (client-node
 * would make a new one, hence a TLS handshake, for every request).
 */
import { createHash } from 'node:crypto';
import {
  Agent as PlainAgent,
  request as plainRequest,
  type ClientRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent, request as tlsRequest } from 'node:https';
import {
  defaultKubeconfigFiles,
  kubeconfigAccess,
  serviceAccountAccess,
  type ClusterAccess,
  type Login,
} from './kubeconfig.ts';
import { loginOf } from './login.ts';

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Each watch holds a connection for as long as it lasts, so watches must not compete with calls. */
  readonly pool: 'calls' | 'watches';
  readonly signal: AbortSignal;
}

/** A burst of calls waits for one of these instead of opening a connection each. */
const MAX_CALL_CONNECTIONS = 8;

/** The API server keeps an idle connection for 90 s. */
const IDLE_MILLISECONDS = 60_000;

interface Agents {
  readonly digest: string;
  readonly calls: PlainAgent;
  readonly watches: PlainAgent;
}

export class KubeConnection {
  readonly access: ClusterAccess;
  readonly #login: () => Promise<Login>;
  #agents: Agents | undefined;

  constructor(access: ClusterAccess) {
    this.access = access;
    this.#login = loginOf(access);
    if (access.proxyURL !== undefined && !/^https?:/.test(access.proxyURL)) {
      throw new Error(
        `kubeconfig: proxy-url ${access.proxyURL} is not supported; use an http or https proxy`,
      );
    }
  }

  /**
   * Where `kubectl` would go: the file given; else, inside a pod, its service account; else KUBECONFIG or
   * ~/.kube/config.
   */
  static load(kubeconfigFile?: string): KubeConnection {
    const inPod = kubeconfigFile === undefined ? serviceAccountAccess() : undefined;
    return new KubeConnection(
      inPod ?? kubeconfigAccess(kubeconfigFile === undefined ? defaultKubeconfigFiles() : [kubeconfigFile]),
    );
  }

  /** URL of the API server, without a slash at its end. */
  get server(): string {
    return this.access.server;
  }

  /** Namespace of the current context, or of the pod's service account. */
  get namespace(): string | undefined {
    return this.access.namespace;
  }

  /** Sends a request and gives the answer as soon as its head is there. */
  async send(request: HttpRequest): Promise<IncomingMessage> {
    const { headers, tls } = await this.#login();
    request.signal.throwIfAborted();
    const agent = this.#agentsFor(tls)[request.pool];
    return exchange({ ...request, headers: { ...headers, ...request.headers } }, agent, 'MayRetry');
  }

  /** Ends all connections, those of running calls too. */
  async close(): Promise<void> {
    destroy(this.#agents);
    this.#agents = undefined;
  }

  /** New ones when the TLS material is new (first use, or rotated); running requests end on the old ones. */
  #agentsFor(tls: Login['tls']): Agents {
    const digest = createHash('sha256').update(JSON.stringify(tls)).digest('hex');
    if (this.#agents?.digest === digest) return this.#agents;
    const old = this.#agents;
    this.#agents = {
      digest,
      calls: this.#agent(tls, MAX_CALL_CONNECTIONS),
      watches: this.#agent(tls, Infinity),
    };
    for (const agent of [old?.calls, old?.watches])
      for (const socket of Object.values(agent?.freeSockets ?? {}).flat()) socket?.destroy();
    return this.#agents;
  }

  #agent(tls: Login['tls'], maxSockets: number): PlainAgent {
    const { server, serverName, serverTrust, proxyURL } = this.access;
    // With keep-alive probes after 15 s the kernel notices a peer that vanished without a word.
    const common = {
      keepAlive: true,
      keepAliveMsecs: 15_000,
      maxSockets,
      timeout: IDLE_MILLISECONDS,
      ...(proxyURL === undefined ? {} : { proxyEnv: { HTTPS_PROXY: proxyURL, HTTP_PROXY: proxyURL } }),
    };
    if (server.startsWith('http:')) return new PlainAgent(common);
    const { ca, cert, key } = tls;
    return new Agent({
      ...common,
      ca,
      cert,
      key,
      rejectUnauthorized: serverTrust === 'Verify',
      ...(serverName === undefined ? {} : { servername: serverName }),
    });
  }
}

/**
 * A kept-alive connection may have been closed by the server in the very moment it is used again; a read is then sent
 * once more on another one, as every HTTP client does.
 */
async function exchange(
  request: HttpRequest,
  agent: PlainAgent,
  mode: 'MayRetry' | 'Last',
): Promise<IncomingMessage> {
  const { method, url, headers, body, signal } = request;
  const send = url.protocol === 'http:' ? plainRequest : tlsRequest;
  const outgoing: ClientRequest = send(url, {
    method,
    agent,
    signal,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
  });
  try {
    return await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve);
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  } catch (error) {
    const torn =
      outgoing.reusedSocket && error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
    if (!torn || method !== 'GET' || mode === 'Last' || signal.aborted) throw error;
    return exchange(request, agent, 'Last');
  }
}

function destroy(agents: Agents | undefined): void {
  agents?.calls.destroy();
  agents?.watches.destroy();
}
