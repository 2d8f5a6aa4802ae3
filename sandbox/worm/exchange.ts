/** One request and its answer on the client's side, with the fault that will hit it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { faultAnswer } from './answers.ts';
import type { BlobRequest } from './request.ts';
import { asReply, headerOf, type Reply } from './store.ts';
import { counting, cutOff, flipped, shortened, slowed } from './streams.ts';
import type { Fault, RequestRecord } from './types.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class Exchange {
  readonly parsed: BlobRequest;
  readonly incoming: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #fault: Fault | undefined;
  readonly #record: Mutable<RequestRecord>;
  readonly #gone = new AbortController();

  constructor(
    parsed: BlobRequest,
    incoming: IncomingMessage,
    response: ServerResponse,
    fault: Fault | undefined,
    record: Mutable<RequestRecord>,
  ) {
    this.parsed = parsed;
    this.incoming = incoming;
    this.#response = response;
    this.#fault = fault;
    this.#record = record;
    if (fault !== undefined) record.fault = fault.kind;
    response.on('close', () => this.#gone.abort());
  }

  /** Aborted when the client has its answer or went away. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /** Applies the fault instead of asking the store; true if it answered the request. */
  async faultBefore(): Promise<boolean> {
    const fault = this.#fault;
    if (fault?.kind === 'Delay') await delay(fault.seconds * 1000, undefined, { signal: this.signal });
    if (fault?.kind === 'Reset' && fault.when === 'BeforeRequest') {
      this.#reset();
      return true;
    }
    if (fault?.kind !== 'Status') return false;
    this.incoming.resume();
    await this.#send(asReply(faultAnswer(fault.status, fault.code, fault.retryAfterSeconds)));
    return true;
  }

  /** The request's body as the store gets it; undefined if there is none. */
  body(): Readable | undefined {
    const { headers } = this.incoming;
    if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined)
      return undefined;
    let body: Readable = this.incoming.pipe(counting((bytes) => (this.#record.requestBytes += bytes)));
    const fault = this.#fault;
    if (fault?.kind === 'Slow' && fault.direction === 'Request')
      body = body.pipe(slowed(fault.bytesPerSecond));
    if (fault?.kind === 'Reset' && fault.when === 'DuringRequest') {
      const cut = body.pipe(cutOff(fault.afterBytes ?? 1));
      cut.once('error', () => this.#reset());
      body = cut;
    }
    const last = body;
    this.incoming.once('close', () => {
      if (!this.incoming.complete) last.destroy(new Error('the client went away'));
    });
    return body;
  }

  /** Passes the answer on, unless a fault hides or spoils it. */
  async answer(reply: Reply): Promise<void> {
    this.#record.storeStatus = reply.status;
    const fault = this.#fault;
    const hidden =
      fault?.kind === 'StatusAfter' || (fault?.kind === 'Reset' && fault.when === 'BeforeResponse');
    if (!hidden) return await this.#send(reply);
    if (!Buffer.isBuffer(reply.body)) await reply.body.resume().toArray();
    if (fault.kind === 'StatusAfter') return await this.#send(asReply(faultAnswer(fault.status, fault.code)));
    this.#reset();
  }

  /** The store could not be asked. */
  fail(): void {
    this.#reset();
  }

  async #send(reply: Reply): Promise<void> {
    const fault = this.#fault;
    const { headers, steps } = this.#disturb(reply);
    this.#record.status = reply.status;
    const code = headerOf(headers, 'x-ms-error-code');
    if (code !== undefined) this.#record.code = code;
    this.#response.writeHead(reply.status, headers);
    this.#response.flushHeaders();
    const source = Buffer.isBuffer(reply.body)
      ? Readable.from(reply.body.length === 0 ? [] : [reply.body])
      : reply.body;
    const counted = counting((bytes) => (this.#record.responseBytes += bytes));
    try {
      await pipeline([source, ...steps, counted, this.#response]);
      // Reads the rest of a refused upload: a client whose request never ends would not get its connection
      // back.
      this.incoming.unpipe();
      this.incoming.resume();
    } catch {
      // Cut off on purpose, or the client went away: there is no connection left for an answer.
      if (fault?.kind === 'Reset') this.#record.fault = 'Reset';
      this.#reset();
    }
  }

  #disturb(reply: Reply): { headers: string[]; steps: NodeJS.ReadWriteStream[] } {
    const fault = this.#fault;
    const headers = [...reply.headers];
    if (fault?.kind === 'Slow' && fault.direction === 'Response')
      return { headers, steps: [slowed(fault.bytesPerSecond)] };
    if (fault?.kind === 'Reset' && fault.when === 'DuringResponse')
      return { headers, steps: [cutOff(fault.afterBytes ?? 1)] };
    if (fault?.kind === 'Truncate') {
      const at = headers.findIndex(
        (name, index) => index % 2 === 0 && name.toLowerCase() === 'content-length',
      );
      const length = Number(headers[at + 1] ?? Number.POSITIVE_INFINITY);
      if (at >= 0) headers[at + 1] = String(Math.min(fault.bytes, length));
      return { headers, steps: [shortened(fault.bytes)] };
    }
    if (fault?.kind === 'Flip') {
      const start = Number(/^bytes (\d+)-/.exec(headerOf(headers, 'content-range') ?? '')?.[1] ?? 0);
      return { headers, steps: [flipped(fault.offset, start)] };
    }
    return { headers, steps: [] };
  }

  #reset(): void {
    this.incoming.unpipe();
    const socket: Socket | null = this.#response.socket;
    socket?.resetAndDestroy();
  }
}
