/**
 * A blob service in memory that knows what a backup job may do: create with Put Blob (and an answer that
 * tells why not), and read. Nothing is ever overwritten. Faults are put in front of requests by their number
 * or path.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/**
 * What happens to a request instead of success. `stored: true` creates the blob and then loses the answer.
 */
export type BlobFault =
  | { readonly kind: 'status'; readonly status: number; readonly code: string }
  | { readonly kind: 'reset'; readonly stored: boolean }
  | { readonly kind: 'hang' };

export interface BlobRequest {
  readonly method: string;
  /** Below the container. */
  readonly path: string;
  /** Counts uploads only, from 1. */
  readonly upload: number;
}

export class BlobDouble {
  /** By path below the container. */
  readonly blobs = new Map<string, Buffer>();
  readonly requests: BlobRequest[] = [];
  fault: (request: BlobRequest) => BlobFault | undefined = () => undefined;
  readonly #server: Server;
  #uploads = 0;
  readonly #mostAtOnce = { now: 0, most: 0 };

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param host address to listen on. */
  static async start(host = '127.0.0.1'): Promise<BlobDouble> {
    const server = createServer((request, response) => {
      double.#answer(request, response).catch(() => response.destroy());
    });
    const double = new BlobDouble(server);
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve));
    return double;
  }

  get containerUrl(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `http://${address}:${port}/account/backups`;
  }

  /** The most uploads that ran at the same time. */
  get mostAtOnce(): number {
    return this.#mostAtOnce.most;
  }

  url(path: string): string {
    return `${this.containerUrl}/${path}?sig=canary-read`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://double');
    const path = decodeURIComponent(url.pathname.replace('/account/backups/', ''));
    const method = request.method ?? '';
    const made: BlobRequest = { method, path, upload: method === 'PUT' ? ++this.#uploads : 0 };
    this.requests.push(made);
    const fault = this.fault(made);
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'status') {
      request.resume();
      refuse(response, fault.status, fault.code);
      return;
    }
    if (method === 'GET' || method === 'HEAD') {
      const blob = this.blobs.get(path);
      if (url.searchParams.get('sig') !== 'canary-read') refuse(response, 403, 'AuthenticationFailed');
      else if (blob === undefined) refuse(response, 404, 'BlobNotFound');
      else
        response.writeHead(200, { 'content-length': blob.length }).end(method === 'HEAD' ? undefined : blob);
      return;
    }
    this.#mostAtOnce.now++;
    this.#mostAtOnce.most = Math.max(this.#mostAtOnce.most, this.#mostAtOnce.now);
    try {
      const body = await buffer(request);
      if (fault?.kind === 'reset' && !fault.stored) request.socket.destroy();
      else {
        const [status, code] = this.#put(request, url, path, body);
        if (fault?.kind === 'reset') request.socket.destroy();
        else if (status === 201) response.writeHead(201).end();
        else refuse(response, status, code);
      }
    } finally {
      this.#mostAtOnce.now--;
    }
  }

  #put(
    request: IncomingMessage,
    url: URL,
    path: string,
    body: Buffer,
  ): readonly [status: number, code: string] {
    const { headers } = request;
    if (url.searchParams.get('sig') !== 'canary-create') return [403, 'AuthenticationFailed'];
    if (
      request.method !== 'PUT' ||
      headers['x-ms-blob-type'] !== 'BlockBlob' ||
      headers['if-none-match'] !== '*'
    )
      return [400, 'InvalidHeaderValue'];
    if (headers['content-md5'] !== createHash('md5').update(body).digest('base64'))
      return [400, 'Md5Mismatch'];
    if (this.blobs.has(path)) return [409, 'BlobAlreadyExists'];
    this.blobs.set(path, body);
    return [201, ''];
  }
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response
    .writeHead(status, { 'x-ms-error-code': code })
    .end(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);
}
