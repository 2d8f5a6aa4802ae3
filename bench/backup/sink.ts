/**
 * A blob service without a disk. It accepts everything and forgets it, except indexes, which the next backup
 * reads. It answers what our job and rclone's azureblob need, and nothing more.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SinkBlob {
  readonly bytes: number;
  /** Only of indexes. */
  readonly content?: Buffer;
}

export class Sink {
  readonly blobs = new Map<string, SinkBlob>();
  /** Bytes of whole packs. */
  packBytes = 0;
  onPack: () => void = () => undefined;
  /** Bytes of blocks whose list has not come yet. */
  readonly #blocks = new Map<string, number>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(host: string): Promise<Sink> {
    const server = createServer((request, response) => sink.#answer(request, response));
    const sink = new Sink(server);
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    return sink;
  }

  get accountUrl(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `http://${address}:${port}/account`;
  }

  get containerUrl(): string {
    return `${this.accountUrl}/backups`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://sink');
    const path = decodeURIComponent(url.pathname.replace('/account/backups/', ''));
    const about = {
      etag: '"0x1"',
      'last-modified': new Date().toUTCString(),
      'x-ms-request-id': 'sink',
      'x-ms-version': '2021-12-02',
    };
    if (request.method !== 'PUT') {
      const blob = this.blobs.get(path);
      if (blob === undefined) response.writeHead(404, { ...about, 'x-ms-error-code': 'BlobNotFound' }).end();
      else
        response
          .writeHead(200, { ...about, 'content-length': blob.bytes, 'x-ms-blob-type': 'BlockBlob' })
          .end(request.method === 'GET' ? blob.content : undefined);
      return;
    }
    const isIndex = path.includes('/index-');
    const content: Buffer[] = [];
    let bytes = 0;
    request.on('data', (part: Buffer) => {
      bytes += part.length;
      if (isIndex) content.push(part);
    });
    request.on('end', () => {
      const part = url.searchParams.get('comp');
      if (part === 'block') this.#blocks.set(path, (this.#blocks.get(path) ?? 0) + bytes);
      else
        this.blobs.set(path, {
          bytes: part === 'blocklist' ? (this.#blocks.get(path) ?? 0) : bytes,
          ...(isIndex ? { content: Buffer.concat(content) } : {}),
        });
      if (part === 'blocklist') this.#blocks.delete(path);
      response.writeHead(201, about).end();
      if (!path.includes('/packs/')) return;
      this.packBytes += bytes;
      this.onPack();
    });
  }
}
