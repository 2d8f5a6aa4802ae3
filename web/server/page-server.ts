/** Serves the page and what it shows. Nothing here changes anything but the visitor's own cookie. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { optional } from '../../base/optional.ts';
import { ApiError } from '../../runtime/client/api-error.ts';
import type { About, Ended, Failure, Plan, SignIn, StackDetail } from '../protocol.ts';
import type { Fleet } from './fleet.ts';
import { askedFor, refusal, type Asked } from './requests.ts';
import { eventOf, stream, usualTimes, type StreamTimes } from './stream.ts';
import { GateBusy, isSignIn, type Gate, type Viewer } from './viewer.ts';

/** A file of the page, in memory. */
export interface ServedFile {
  readonly content: Uint8Array;
  readonly contentType: string;
  /** Its name changes with its content. */
  readonly isImmutable: boolean;
}

export interface StackKey {
  readonly context: string;
  readonly namespace: string;
  readonly name: string;
}

export interface PageServerOptions {
  /** 0: any free one. */
  readonly port: number;
  /** Address to listen on; all if absent. */
  readonly address?: string;
  /**
   * Names that the page is reached by; those without a port are taken with that of this server, too. Those of
   * this machine need not be named.
   */
  readonly names: readonly string[];
  readonly files: ReadonlyMap<string, ServedFile>;
  readonly contentSecurityPolicy: string;
  readonly gate: Gate;
  readonly cookie: CookieOptions;
  readonly fleet: Fleet;
  readonly program: Pick<About, 'version' | 'servedBy'>;
  /** Undefined if this viewer sees no such stack. */
  readonly detail: (viewer: Viewer, key: StackKey, signal: AbortSignal) => Promise<StackDetail | undefined>;
  /** Undefined if there is no such stack, or no plan of it. */
  readonly plan: (viewer: Viewer, key: StackKey, signal: AbortSignal) => Promise<Plan | undefined>;
  readonly times?: Partial<StreamTimes>;
  /** Told to open pages when the server stops for good; else they wait for the next one. */
  readonly farewell?: string;
  /** Told about failures that are not the visitor's. */
  readonly failed: (error: unknown) => void;
}

export interface CookieOptions {
  /** @param port of this server; cookies do not tell ports apart */
  readonly name: (port: number) => string;
  /** Only over https, or to this machine. */
  readonly isSecure: boolean;
}

/** Streams at the same time. Each is a connection and a loop. */
const mostStreams = 200;
/** So that one person, or one token that leaked, does not take them all. */
const mostStreamsOfUser = 20;
const mostConnections = 1_000;
const longestBody = 16 * 1024;
/** A browser refuses a longer cookie without a word. */
const longestCookie = 3_800;

export class PageServer {
  readonly #server: Server;
  readonly #options: PageServerOptions;
  readonly #script: string | undefined;
  readonly #stop = new AbortController();
  /** By user; `undefined` is whoever has no name. */
  readonly #streams = new Map<string | undefined, number>();
  #hosts: ReadonlySet<string> = new Set();

  private constructor(options: PageServerOptions) {
    this.#options = options;
    this.#script = [...options.files.keys()].find((name) => name.endsWith('.js'));
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        const isBusy = error instanceof GateBusy;
        if (!isBusy && !this.#stop.signal.aborted && !response.destroyed) options.failed(error);
        if (response.headersSent) response.destroy();
        else if (isBusy) this.#reply(response.setHeader('retry-after', 1), 429, { message: error.message });
        else if (error instanceof ApiError)
          this.#reply(response, 502, { message: 'The Kubernetes API does not answer as it should.' });
        else this.#reply(response, 500, { message: 'The server failed; its log says why.' });
      });
    });
    this.#server.requestTimeout = 10_000;
    this.#server.maxConnections = mostConnections;
  }

  static async listen(options: PageServerOptions): Promise<PageServer> {
    const server = new PageServer(options);
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(options.port, options.address, resolve);
    });
    server.#hosts = new Set(
      options.names.flatMap((name) => (/:\d+$/.test(name) ? [name] : [name, `${name}:${server.port}`])),
    );
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends all streams. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#stop.abort();
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), 1_000);
    await closed;
    clearTimeout(timer);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', headers } = request;
    for (const [name, value] of Object.entries(this.#safeHeaders())) response.setHeader(name, value);
    const asked = askedFor(request.url ?? '/');
    const refused = refusal({ method, headers, hosts: this.#hosts, isData: asked?.what !== 'File' });
    if (refused !== undefined) return this.#reply(response, 403, { message: refused });
    if (asked === undefined) return this.#reply(response, 404, { message: 'There is nothing here.' });
    const isRead = method === 'GET' || method === 'HEAD';
    if (asked.what === 'File' && isRead) return this.#replyFile(response, asked.name, method);
    if (asked.what === 'Session' && method === 'POST') return await this.#signIn(request, response, asked);
    if (asked.what === 'Session' && method === 'DELETE') return this.#signOut(response, asked);
    if (method !== 'GET' || asked.what === 'File')
      return this.#reply(response, 405, { message: 'The page only looks.' });
    await this.#show(request, response, asked);
  }

  /** What only somebody known may see. */
  async #show(request: IncomingMessage, response: ServerResponse, asked: Asked): Promise<void> {
    const { gate, detail, plan } = this.#options;
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, this.#stop.signal]);
    const viewer = await gate.admit(request, signal);
    if (isSignIn(viewer)) return this.#replySignIn(response, viewer);
    switch (asked.what) {
      case 'Session':
        return this.#reply(response, 200, this.#about(viewer));
      case 'Stream':
        return await this.#stream(request, response, viewer, signal);
      case 'Stack':
      case 'Plan': {
        const found = await (asked.what === 'Stack' ? detail : plan)(viewer, asked, signal);
        return found === undefined
          ? this.#reply(response, 404, { message: 'There is no such stack, or you may not see it.' })
          : this.#reply(response, 200, found);
      }
      case 'File':
        return undefined;
    }
  }

  async #stream(
    request: IncomingMessage,
    response: ServerResponse,
    viewer: Viewer,
    signal: AbortSignal,
  ): Promise<void> {
    const { fleet, gate, times, farewell, failed } = this.#options;
    const { user } = viewer;
    const ofUser = this.#streams.get(user) ?? 0;
    const all = [...this.#streams.values()].reduce((sum, count) => sum + count, 0);
    if (all >= mostStreams) return this.#reply(response, 503, { message: 'Too many pages are open.' });
    if (user !== undefined && ofUser >= mostStreamsOfUser)
      return this.#reply(response, 429, { message: `You have ${ofUser} pages open. Close some of them.` });
    this.#streams.set(user, ofUser + 1);
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
    const lastEventID = request.headers['last-event-id'];
    try {
      await stream(
        {
          fleet,
          output: response,
          lastEventID: Array.isArray(lastEventID) ? lastEventID[0] : lastEventID,
          about: (one) => this.#about(one),
          admit: () => gate.admit(request, signal),
          times: { ...usualTimes, ...times },
          signal,
        },
        viewer,
      );
      const ended: Ended | undefined =
        farewell !== undefined && this.#stop.signal.aborted
          ? { reason: 'Stopped', message: farewell }
          : undefined;
      response.end(ended === undefined ? undefined : eventOf('ended', JSON.stringify(ended)));
    } catch (error) {
      if (!signal.aborted) failed(error);
      response.destroy();
    } finally {
      const left = (this.#streams.get(user) ?? 0) - 1;
      if (left > 0) this.#streams.set(user, left);
      else this.#streams.delete(user);
    }
  }

  async #signIn(
    request: IncomingMessage,
    response: ServerResponse,
    { cookiePath }: { readonly cookiePath: string },
  ): Promise<void> {
    const { gate } = this.#options;
    if (!(request.headers['content-type'] ?? '').startsWith('application/json'))
      return this.#reply(response, 415, { message: 'Send JSON.' });
    if (!(Number(request.headers['content-length']) <= longestBody))
      return this.#reply(response, 413, { message: 'That is too long for a token.' });
    const token = tokenIn(await text(request));
    if (token === undefined) return this.#reply(response, 400, { message: 'Send {"token": "…"}.' });
    const answer = await gate.signIn(token, this.#stop.signal);
    if (isSignIn(answer)) return this.#replySignIn(response, answer);
    if (answer.cookie.length > longestCookie || !/^[\w.~+/=-]+$/.test(answer.cookie))
      return this.#reply(response, 400, { message: 'Browsers cannot keep this token: it is too long.' });
    this.#setCookie(response, answer.cookie, cookiePath, '');
    response.writeHead(204).end();
  }

  #signOut(response: ServerResponse, { cookiePath }: { readonly cookiePath: string }): void {
    this.#setCookie(response, '', cookiePath, '; Max-Age=0');
    response.writeHead(204).end();
  }

  /** A session cookie: no script reads it, no other site sends it, and it ends with the browser. */
  #setCookie(response: ServerResponse, value: string, path: string, end: string): void {
    const { name, isSecure } = this.#options.cookie;
    response.setHeader(
      'set-cookie',
      `${name(this.port)}=${value}; Path=${path}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}${end}`,
    );
  }

  #about(viewer: Viewer): About {
    const { fleet, gate, program } = this.#options;
    return {
      ...program,
      ...optional({ page: this.#script, user: viewer.user }),
      contexts: fleet.sources.map((source) => {
        const { namespaces, ...about } = source.about();
        // Names of other namespaces are often names of customers.
        const seen =
          namespaces === 'All' ? namespaces : namespaces.filter((one) => viewer.sees(one, 'stacks'));
        return { ...about, namespaces: seen };
      }),
      limits: viewer.limits,
      canSignOut: gate.canSignOut,
    };
  }

  #replySignIn(response: ServerResponse, signIn: SignIn): void {
    this.#reply(response, 401, { message: signIn.message, signIn } satisfies Failure);
  }

  #replyFile(response: ServerResponse, name: string, method: string): void {
    const file = this.#options.files.get(name);
    if (file === undefined) return this.#reply(response, 404, { message: 'There is nothing here.' });
    // The page holds no data. Its files of changing names may be kept; all else is asked for anew.
    if (file.isImmutable) response.setHeader('cache-control', 'private, max-age=31536000, immutable');
    response.writeHead(200, {
      'content-type': file.contentType,
      'content-length': file.content.byteLength,
    });
    response.end(method === 'HEAD' ? undefined : file.content);
  }

  #reply(response: ServerResponse, status: number, body: object): void {
    const json = JSON.stringify(body);
    response.writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(json),
    });
    response.end(json);
  }

  #safeHeaders(): Readonly<Record<string, string>> {
    return {
      'content-security-policy': this.#options.contentSecurityPolicy,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    };
  }
}

function tokenIn(body: string): string | undefined {
  try {
    const { token } = JSON.parse(body) as { readonly token?: unknown };
    return typeof token === 'string' && token !== '' ? token : undefined;
  } catch {
    return undefined;
  }
}
