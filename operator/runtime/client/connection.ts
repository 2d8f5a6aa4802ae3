/**
 * The way to one API server: address, credentials, connections. client-node builds a new undici Agent, hence a new TLS
 * handshake, for every request; here all requests share a few kept-alive connections.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { AgentOptions } from 'node:https';
import { KubeConfig, type DispatcherOptions, type RequestContext } from '@kubernetes/client-node';
import { Agent, ProxyAgent, type Dispatcher } from 'undici';

const SERVICE_ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** A burst of calls waits for one of these instead of opening a connection each. */
const MAX_CALL_CONNECTIONS = 8;

interface Dispatchers {
  readonly digest: string;
  readonly calls: Dispatcher;
  /** Each watch holds a connection for as long as it lasts, so watches must not compete with calls. */
  readonly watches: Dispatcher;
}

export class KubeConnection extends KubeConfig {
  #dispatchers: Dispatchers | undefined;

  /**
   * Where `kubectl` would go: the file given; else, inside a pod, its service account; else KUBECONFIG or
   * ~/.kube/config.
   */
  static load(kubeconfigFile?: string): KubeConnection {
    const connection = new KubeConnection();
    if (kubeconfigFile !== undefined) connection.loadFromFile(kubeconfigFile);
    else if (process.env['KUBERNETES_SERVICE_HOST'] !== undefined && existsSync(SERVICE_ACCOUNT_TOKEN)) connection.loadFromCluster();
    else connection.loadFromDefault();
    return connection;
  }

  /** URL of the API server, without a slash at its end. */
  get server(): string {
    const cluster = this.getCurrentCluster();
    if (cluster === null) throw new Error('kubeconfig: the current context names no cluster; set one with `kubectl config use-context`');
    return cluster.server.replace(/\/+$/, '');
  }

  /** Namespace of the current context, or of the pod's service account. */
  get namespace(): string | undefined {
    return this.getContextObject(this.currentContext)?.namespace;
  }

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    await super.applySecurityAuthentication(context);
    if (context.getDispatcher() !== undefined || this.#dispatchers === undefined) return;
    const isWatch = new URL(context.getUrl()).searchParams.get('watch') === 'true';
    context.setDispatcher(isWatch ? this.#dispatchers.watches : this.#dispatchers.calls);
  }

  /**
   * client-node asks this before it builds a dispatcher for a request. The answer "none" keeps it from building one;
   * ours is built when the TLS material is new (first use, or rotated), and kept.
   */
  override createDispatcherOptions(cluster: Parameters<KubeConfig['createDispatcherOptions']>[0], agentOptions: AgentOptions): DispatcherOptions {
    const options = super.createDispatcherOptions(cluster, agentOptions);
    if (options.type === 'socks') return options;
    const digest = digestOf(options);
    if (this.#dispatchers?.digest !== digest) {
      const old = this.#dispatchers;
      this.#dispatchers = { digest, calls: build(options, MAX_CALL_CONNECTIONS), watches: build(options) };
      void closeGracefully(old);
    }
    return { type: 'none' };
  }

  /** Ends all connections, those of running calls too. */
  async close(): Promise<void> {
    const dispatchers = this.#dispatchers;
    this.#dispatchers = undefined;
    await Promise.all([dispatchers?.calls.destroy(), dispatchers?.watches.destroy()]);
  }
}

function build(options: Exclude<DispatcherOptions, { type: 'socks' }>, connections?: number): Dispatcher {
  // HTTP/1.1: one stuck HTTP/2 connection would hold up every call, the Lease's renewal too.
  // The API server keeps an idle connection for 90 s, undici by default for 4 s: less than most pauses between calls.
  const common = { allowH2: false, keepAliveTimeout: 60_000, ...(connections === undefined ? {} : { connections }) };
  switch (options.type) {
    case 'proxy':
      return new ProxyAgent({ ...common, uri: options.uri, requestTls: defined(options.requestTls), connect: defined(options.connect) });
    case 'agent':
      // With keep-alive probes after 15 s the kernel notices a peer that vanished without a word.
      return new Agent({ ...common, connect: { ...defined(options.connect), keepAlive: true, keepAliveInitialDelay: 15_000, timeout: 10_000 } });
    case 'none':
      return new Agent(common);
  }
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without the fields that are undefined: undici's types tell those from absent ones. */
function defined<T extends object>(options: T): Defined<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<T>;
}

function digestOf(options: DispatcherOptions): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify(options, (_, value: unknown) => (Buffer.isBuffer(value) ? value.toString('base64') : value)));
  return hash.digest('hex');
}

async function closeGracefully(dispatchers: Dispatchers | undefined): Promise<void> {
  await Promise.allSettled([dispatchers?.calls.close(), dispatchers?.watches.close()]);
}
