/**
 * client-node's KubeConfig, with the errors of version 2.0.1 corrected from outside (docs/dependencies.md has
 * the list). Above all, it makes new connections, hence a TLS handshake, for every request; here they are
 * kept for as long as the TLS material stays the same.
 */
import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import { KubeConfig, RequestContext, type Cluster, type User } from '@kubernetes/client-node';
import type { Dispatcher } from 'undici';
import { ExecLogin } from './exec-login.ts';
import { fieldsOf, textOf, type Fields, type KubeAccess } from './kubeconfig.ts';

/** The headers of a request, and the connections that carry it. */
export interface Session {
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
}

/**
 * The kubelet renews certificates and tokens long before they expire, so a delay of a minute does no harm.
 */
const keepFilesSeconds = 60;

/** After this time the kernel asks a silent peer whether it is still there. */
const keepAliveInitialDelay = 15_000;

export class MendedKubeConfig extends KubeConfig {
  readonly #exec: ExecLogin | undefined;
  readonly #closing = new AbortController();
  /** As they were loaded; certificates may lie in files that are read again. */
  readonly #loaded: { readonly cluster: Cluster; readonly user: User };
  #filesRead: { readonly done: Promise<void>; readonly time: number } | undefined;
  #material = '';
  #kept: { readonly material: string; readonly dispatcher: Dispatcher } | undefined;
  /** It may still carry requests that began before the material changed. */
  #previous: Dispatcher | undefined;

  /** @param access if absent: the service account of this process's pod, below the directory `root`. */
  constructor(access?: KubeAccess, root = '') {
    super();
    // One listener for each connection.
    setMaxListeners(0, this.#closing.signal);
    if (access === undefined) this.loadFromCluster(root);
    else this.loadFromString(JSON.stringify(documentOf(access)));
    const [cluster] = this.getClusters();
    const [user] = this.getUsers();
    if (cluster === undefined || user === undefined) throw new Error('kubeconfig: no cluster, or no user');
    const exec = fieldsOf(access?.user['exec']);
    if (access !== undefined && Object.keys(exec).length > 0) {
      this.#exec = new ExecLogin(exec, access.cluster);
      this.addAuthenticator(this.#exec);
    }
    this.#loaded = { cluster: mendedCluster(cluster), user: mendedUser(user, access?.user ?? {}) };
  }

  /** URL of the API server, without a slash at its end. */
  get server(): string {
    return this.#loaded.cluster.server.replace(/\/+$/, '');
  }

  /** Of the context, or of the pod's service account. */
  get namespace(): string | undefined {
    return this.getContexts()[0]?.namespace?.trim() || undefined;
  }

  /** Our identity as of now, and the connections. */
  async session(): Promise<Session> {
    const context = new RequestContext(this.server, 'GET');
    await this.applySecurityAuthentication(context);
    const dispatcher = context.getDispatcher();
    if (dispatcher === undefined) throw new Error(`no way to ${this.server}`);
    return { headers: context.getHeaders(), dispatcher };
  }

  /** The server has refused our identity: the next call reads the files again, or asks a login program. */
  forget(): void {
    this.#filesRead = undefined;
    this.#exec?.forget();
  }

  /** Ends all connections, including those of running requests. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the connection was closed'));
    const open = [this.#kept?.dispatcher, this.#previous];
    this.#kept = undefined;
    this.#previous = undefined;
    await Promise.all(open.map((dispatcher) => dispatcher?.destroy()));
  }

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    await this.#readFiles();
    const made = new MadeContext(context.getUrl(), (dispatcher) => this.#keep(dispatcher));
    await super.applySecurityAuthentication(made);
    // A token from a file ends with a line break that is not part of it.
    for (const [name, value] of Object.entries(made.getHeaders())) context.setHeaderParam(name, value.trim());
    const dispatcher = made.getDispatcher();
    if (dispatcher !== undefined) context.setDispatcher(dispatcher);
  }

  /**
   * The original calls this right before it makes a dispatcher from the result, which has everything that a
   * connection depends on. HTTP/1.1, so a call that gets no answer takes only its own connection with it.
   */
  override createDispatcherOptions(
    ...[cluster, agentOptions]: Parameters<KubeConfig['createDispatcherOptions']>
  ): ReturnType<KubeConfig['createDispatcherOptions']> {
    // Set explicitly. Otherwise NODE_TLS_REJECT_UNAUTHORIZED decides; and without any option no dispatcher is
    // made.
    const options = super.createDispatcherOptions(cluster, { rejectUnauthorized: true, ...agentOptions });
    this.#material = createHash('sha256').update(JSON.stringify(options)).digest('hex');
    // Beyond its own types: undici's choice of protocols, and the signal that ends a socket that is not
    // connected yet.
    const ours = { allowH2: false, signal: this.#closing.signal };
    if (options.type === 'proxy')
      return {
        ...options,
        requestTls: { ...options.requestTls, ...ours },
        connect: { ...options.connect, ...ours, keepAliveInitialDelay },
      };
    if (options.type !== 'agent') return options;
    return { ...options, connect: { ...options.connect, ...ours, keepAliveInitialDelay } };
  }

  /** Returns the existing dispatcher of this material. The one made in vain has opened no connection. */
  #keep(made: Dispatcher): Dispatcher {
    if (this.#kept?.material === this.#material) return this.#kept.dispatcher;
    void this.#previous?.close();
    this.#previous = this.#kept?.dispatcher;
    this.#kept = { material: this.#material, dispatcher: made };
    return made;
  }

  /** The original reads them at every request. */
  #readFiles(): Promise<void> {
    const time = performance.now() / 1000;
    if (this.#filesRead === undefined || time - this.#filesRead.time >= keepFilesSeconds) {
      const done = this.#loadFiles();
      this.#filesRead = { done, time };
      done.catch(() => {
        if (this.#filesRead?.done === done) this.#filesRead = undefined;
      });
    }
    return this.#filesRead.done;
  }

  async #loadFiles(): Promise<void> {
    const { cluster, user } = this.#loaded;
    const [caData, certData, keyData] = await Promise.all([
      materialOf(cluster.caData, cluster.caFile),
      materialOf(user.certData, user.certFile),
      materialOf(user.keyData, user.keyFile),
    ]);
    this.loadFromOptions({
      clusters: [{ ...cluster, caFile: undefined, caData }],
      users: [{ ...user, certFile: undefined, keyFile: undefined, certData, keyData }],
      contexts: this.getContexts(),
      currentContext: this.getCurrentContext(),
    });
  }
}

/** Exchanges each new dispatcher for the one to use, before anything else can happen. */
class MadeContext extends RequestContext {
  readonly #exchange: (made: Dispatcher) => Dispatcher;

  constructor(url: string, exchange: (made: Dispatcher) => Dispatcher) {
    super(url, 'GET');
    this.#exchange = exchange;
  }

  override setDispatcher(made: Dispatcher): void {
    super.setDispatcher(this.#exchange(made));
  }
}

/** Every context has a user here, because without one the original forgets the certificate authority, too. */
function documentOf({ cluster, user, namespace }: KubeAccess): object {
  const name = 'kubeconfig';
  return {
    clusters: [{ name, cluster }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name, namespace } }],
    'current-context': name,
  };
}

/** The original refuses plain HTTP unless TLS is not verified; plain HTTP has no TLS. */
function mendedCluster(cluster: Cluster): Cluster {
  return cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster;
}

/**
 * The original does not read `tokenFile`, turns an absent password into `undefined`, and leaves programs to
 * {@link ExecLogin}.
 */
function mendedUser({ exec: _exec, token, ...user }: User, fields: Fields): User {
  const tokenFile = textOf(fields['tokenFile']);
  const authProvider =
    tokenFile === undefined ? user.authProvider : { name: 'tokenFile', config: { tokenFile } };
  return {
    ...user,
    authProvider,
    ...(token === undefined || tokenFile !== undefined ? {} : { token }),
    ...(user.username ? { password: user.password ?? '' } : {}),
  };
}

/** In base64. Data override a file, as in kubectl (not in the original). */
async function materialOf(data: string | undefined, file: string | undefined): Promise<string | undefined> {
  if (data || !file) return data;
  return (await readFile(file)).toString('base64');
}
