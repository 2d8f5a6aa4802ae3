/**
 * Serves the page with rows of a test: it speaks the protocol, below a prefix as a proxy in front would have it, and does what
 * a test tells it, such as ending a log-in. The real server has tests of its own.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { optional } from '../../../base/optional.ts';
import { contentSecurityPolicy, pageFiles } from '../../../web/page/files.ts';
import type {
  About,
  Plan,
  SignIn,
  SignInRequest,
  StackDetail,
  StackRow,
  StoreRow,
  StreamEvents,
} from '../../../web/protocol.ts';

export interface PageServerOptions {
  readonly stacks: readonly StackRow[];
  readonly stores: readonly StoreRow[];
  readonly about?: Partial<About>;
  readonly detail?: (row: StackRow) => StackDetail;
  readonly plan?: Plan;
}

const prefix = '/clusters/7/';
const largestPart = 500;

export class PageServer implements AsyncDisposable {
  readonly #options: PageServerOptions;
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #streams = new Set<ServerResponse>();
  readonly #stacks: Map<string, StackRow>;
  #signIn: SignIn | undefined;
  /** Those that somebody signed in with. */
  readonly tokens: string[] = [];
  #refusal: string | undefined;
  #isDown = false;
  #lastID = 0;
  readonly #files: Awaited<ReturnType<typeof pageFiles>>;

  private constructor(options: PageServerOptions, files: Awaited<ReturnType<typeof pageFiles>>) {
    this.#files = files;
    this.#options = options;
    this.#stacks = new Map(options.stacks.map((row) => [row.key, row]));
  }

  static async start(options: PageServerOptions): Promise<PageServer> {
    const started = new PageServer(options, await pageFiles());
    await new Promise<void>((resolve) => started.#server.listen(0, '127.0.0.1', resolve));
    return started;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${prefix}`;
  }

  change(...rows: readonly StackRow[]): void {
    for (const row of rows) this.#stacks.set(row.key, row);
    this.#send('changed', { stacks: rows });
  }

  tell(about: Partial<About>): void {
    this.#send('changed', { about: { ...this.#about(), ...about } });
  }

  remove(...keys: readonly string[]): void {
    for (const key of keys) this.#stacks.delete(key);
    this.#send('removed', { stacks: keys });
  }

  /** The next requests need a log-in; the streams end. */
  signOut(signIn: SignIn): void {
    this.#signIn = signIn;
    this.#send('ended', { reason: 'SignIn', message: signIn.message });
  }

  /** Every log-in is refused with this sentence, until it is `undefined`. */
  refuse(message: string | undefined): void {
    this.#refusal = message;
  }

  /** Cuts every stream, and answers with 503 until it is told otherwise. */
  goDown(): void {
    this.#isDown = true;
    for (const stream of this.#streams) stream.destroy();
  }

  comeBack(): void {
    this.#isDown = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #send<Name extends keyof StreamEvents>(name: Name, data: StreamEvents[Name], to?: ServerResponse): void {
    this.#lastID += 1;
    const text = `id: ${this.#lastID}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const stream of to === undefined ? this.#streams : [to]) stream.write(text);
  }

  /** How often a browser asked for the page itself. */
  begins = 0;

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '', 'http://page');
    if (!pathname.startsWith(prefix)) return void response.writeHead(404).end();
    const path = pathname.slice(prefix.length);
    if (!path.startsWith('api/')) return this.#file(path, response);
    if (this.#isDown) return void response.writeHead(503).end('no');
    if (path === 'api/session' && request.method === 'POST') {
      if (this.#refusal !== undefined) return json(response, 401, { message: this.#refusal });
      const { token } = (await bodyOf(request)) as SignInRequest;
      this.tokens.push(token);
      this.#signIn = undefined;
      return void response.writeHead(204).end();
    }
    if (this.#signIn !== undefined)
      return json(response, 401, { message: this.#signIn.message, signIn: this.#signIn });
    if (path === 'api/stream') return this.#stream(response);
    if (path === 'api/session') return json(response, 200, this.#about());
    const [, , namespace, name, what] = path.split('/').map(decodeURIComponent);
    const row = this.#stacks.get(`${namespace}/${name}`);
    if (row === undefined) return json(response, 404, { message: `There is no stack ${namespace}/${name}.` });
    json(response, 200, what === 'plan' ? this.#options.plan : this.#options.detail?.(row));
  }

  #file(path: string, response: ServerResponse): void {
    const file = this.#files.get(path === '' ? 'index.html' : path);
    if (file === undefined) return void response.writeHead(404).end();
    if (!file.isImmutable) this.begins += 1;
    response
      .writeHead(200, {
        'content-type': file.contentType,
        'content-security-policy': contentSecurityPolicy,
        'cache-control': file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-store',
      })
      .end(file.content);
  }

  #stream(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    // A browser waits three seconds by itself; a test need not.
    response.write('retry: 100\n\n');
    response.on('close', () => this.#streams.delete(response));
    this.#streams.add(response);
    const stacks = [...this.#stacks.values()];
    const parts = Math.max(1, Math.ceil(stacks.length / largestPart));
    for (let part = 0; part < parts; part += 1)
      this.#send(
        'snapshot',
        {
          isFirst: part === 0,
          isLast: part === parts - 1,
          ...(part === 0 ? { about: this.#about() } : {}),
          stacks: stacks.slice(part * largestPart, (part + 1) * largestPart),
          stores: part === 0 ? this.#options.stores : [],
        },
        response,
      );
  }

  #about(): About {
    return {
      version: '0.1.0',
      ...optional({ page: [...this.#files.keys()].find((name) => name.endsWith('.js')) }),
      servedBy: 'Plugin',
      user: 'jane@example.com',
      contexts: [{ name: 'production', namespaces: 'All', synced: true }],
      limits: [],
      canSignOut: false,
      ...this.#options.about,
    };
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const part of request.setEncoding('utf8')) text += String(part);
  return JSON.parse(text);
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
