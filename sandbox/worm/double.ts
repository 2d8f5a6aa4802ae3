/**
 * The blob double: an HTTP server in front of Azurite. It makes it behave like Azure's Blob service where
 * Azurite does not (immutable containers, create-only signatures, Put Blob From URL), injects faults, and
 * keeps a list of requests.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { azureError } from './answers.ts';
import type { Accounts } from './azurite-process.ts';
import { createOnlyAnswer } from './create-only.ts';
import { Exchange } from './exchange.ts';
import { FaultRules } from './faults.ts';
import { Archive } from './archive.ts';
import { WormGuard } from './guard.ts';
import { networkRefusal } from './network.ts';
import { putBlobFromUrl } from './put-from-url.ts';
import { parseRequest, type BlobRequest } from './request.ts';
import type { Rules } from './rules.ts';
import { Sink } from './sink.ts';
import { asReply, headerOf, Store, type Reply } from './store.ts';
import type { RequestRecord } from './types.ts';
import { Versions } from './versions.ts';

const maximumRecords = 200_000;

export class BlobDouble {
  readonly rules: Rules;
  readonly faults = new FaultRules();
  readonly sink = new Sink();
  readonly #store: Store;
  readonly #guard: WormGuard;
  readonly #versions: Versions;
  readonly #archive: Archive;
  readonly #server: Server;
  #records: RequestRecord[] = [];
  #count = 0;
  #running = 0;
  /** Set while Azurite is being restarted. */
  #pause: Promise<void> | undefined;

  /** @param azuritePort on 127.0.0.1 */
  constructor(azuritePort: number, accounts: Accounts, rules: Rules) {
    this.rules = rules;
    this.#store = new Store(azuritePort, accounts);
    this.#guard = new WormGuard(rules, this.#store);
    this.#versions = new Versions(rules, this.#store);
    this.#archive = new Archive(rules, this.#store);
    // Uploads may take long; Node's default of 300 s would end slow ones.
    this.#server = createServer(
      { requestTimeout: 0, keepAliveTimeout: 60_000 },
      (request, response) => void this.#serve(request, response),
    );
  }

  async listen(host: string, port: number): Promise<void> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
    this.#store.close();
  }

  get records(): readonly RequestRecord[] {
    return this.#records;
  }

  forgetRecords(): void {
    this.#records = [];
  }

  /** Holds new requests back, waits for the running ones, and continues with other accounts. */
  async whilePaused(accounts: Accounts, restart: () => Promise<void>): Promise<void> {
    await this.#pause;
    let resume = (): void => {};
    this.#pause = new Promise((resolve) => (resume = resolve));
    try {
      while (this.#running > 0) await new Promise((resolve) => setTimeout(resolve, 10));
      await restart();
      this.#store.setAccounts(accounts);
    } finally {
      this.#pause = undefined;
      resume();
    }
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    await this.#pause;
    const parsed = parseRequest(incoming.method ?? 'GET', incoming.url ?? '/', incoming.headers);
    const { method, operation, account, container, blob } = parsed;
    this.#count += 1;
    const asked = {
      number: this.#count,
      time: new Date().toISOString(),
      method,
      operation,
      account,
      container,
      blob,
      onlyIfNew: incoming.headers['if-none-match'] === '*',
    };
    const record = { ...asked, storeStatus: 0, status: 0, requestBytes: 0, responseBytes: 0 };
    this.#records.push(record);
    if (this.#records.length > maximumRecords) this.#records.shift();
    const exchange = new Exchange(parsed, incoming, response, this.faults.next(parsed), record);
    this.#running += 1;
    try {
      if (await exchange.faultBefore()) return;
      await exchange.answer(await this.#reply(exchange));
    } catch {
      // Azurite or the client broke off. In both cases a client sees a connection that ends.
      exchange.fail();
    } finally {
      this.#running -= 1;
    }
  }

  async #reply(exchange: Exchange): Promise<Reply> {
    const { parsed, incoming } = exchange;
    const refusal = networkRefusal(parsed, this.rules, incoming.socket.remoteAddress ?? '');
    if (refusal !== undefined) return asReply(refusal);
    if (parsed.operation === 'Batch') return asReply(azureError('NotImplemented'));
    if (this.rules.of(parsed.account, parsed.container).kind === 'Sink')
      return asReply(await this.sink.answer(parsed, incoming.headers, exchange.body()));
    const reply =
      parsed.operation === 'PutBlobFromUrl'
        ? await this.#copy(exchange)
        : await this.#archive.through(parsed, incoming.headers, () =>
            this.#ruled(parsed, exchange, () => this.#pass(exchange)),
          );
    return createOnlyAnswer(parsed, incoming.rawHeaders, unauthenticated(reply));
  }

  /** Under the rule of its container. */
  async #ruled(request: BlobRequest, { incoming }: Exchange, pass: () => Promise<Reply>): Promise<Reply> {
    if (this.rules.of(request.account, request.container).kind === 'Versions')
      return await this.#versions.through(request, incoming.headers, pass);
    return await this.#guard.through(request, pass);
  }

  async #pass(exchange: Exchange): Promise<Reply> {
    const { incoming, parsed, signal } = exchange;
    const body = exchange.body();
    const request = {
      method: parsed.method,
      target: incoming.url ?? '/',
      headers: incoming.rawHeaders,
      signal,
    };
    return await this.#store.pass(body === undefined ? request : { ...request, body });
  }

  async #copy(exchange: Exchange): Promise<Reply> {
    const { incoming, parsed, signal } = exchange;
    const isSigned = incoming.headers.authorization !== undefined;
    if (isSigned) {
      const verdict = await this.#pass(exchange);
      if (verdict.status !== 501) return verdict;
      if (!Buffer.isBuffer(verdict.body)) verdict.body.resume();
    }
    const target = isSigned
      ? this.#store.blob(parsed.account, parsed.container, parsed.blob)
      : this.#store.blobBySAS(incoming.url ?? '/');
    const sourceUrl = headerOf(incoming.rawHeaders, 'x-ms-copy-source') ?? '';
    if (target === undefined) return asReply(azureError('AuthenticationFailed'));
    const copy = { sourceUrl, headers: incoming.headers, target, signal };
    return await this.#ruled({ ...parsed, operation: 'PutBlob' }, exchange, async () =>
      asReply(await putBlobFromUrl(copy)),
    );
  }
}

/** Azurite's code for a wrong signature. Azure's is another, and uses this one for network rules. */
function unauthenticated(reply: Reply): Reply {
  if (reply.status !== 403 || headerOf(reply.headers, 'x-ms-error-code') !== 'AuthorizationFailure')
    return reply;
  if (!Buffer.isBuffer(reply.body)) reply.body.resume();
  return asReply(azureError('AuthenticationFailed'));
}
