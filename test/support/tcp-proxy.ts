/**
 * A TCP connection that tests can break in the ways networks do: refused, dropped, or silent with both ends
 * up (half-open). Bytes pass through untouched, so TLS still ends at the real server.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

export class TcpProxy {
  readonly #server: Server;
  #target: { readonly host: string; readonly port: number };
  #armed: { left: number; readonly how: 'reset' | 'silence' } | undefined;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #refusing = false;
  #silent = false;
  #connections = 0;

  private constructor(server: Server, target: { readonly host: string; readonly port: number }) {
    this.#server = server;
    this.#target = target;
    server.on('connection', (client) => this.#accept(client));
  }

  static async to(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TcpProxy(server, target);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections accepted so far. For HTTPS that is the number of TLS handshakes. */
  get connections(): number {
    return this.#connections;
  }

  get openConnections(): number {
    return this.#pairs.size;
  }

  /** Ends all connections at once, as when a server is killed. */
  dropAll(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  /** New connections are reset until `accept` is called. */
  refuse(): void {
    this.#refusing = true;
  }

  /** New connections work again. */
  accept(): void {
    this.#refusing = false;
    this.#silent = false;
    this.#armed = undefined;
  }

  /**
   * Open connections stay, and new ones open, but nothing passes any more. `accept` ends that for new
   * connections.
   */
  silence(): void {
    this.#silent = true;
    for (const [client, server] of this.#pairs) {
      client.unpipe(server);
      server.unpipe(client);
      client.pause();
      server.pause();
    }
  }

  /** New connections lead there: the address is another machine now. */
  retarget(target: { readonly host: string; readonly port: number }): void {
    this.#target = target;
  }

  /** Once so many more bytes came from clients, all connections are reset, or nothing passes any more. */
  breakAfter(bytes: number, how: 'reset' | 'silence'): void {
    this.#armed = { left: bytes, how };
  }

  #count(bytes: number): void {
    if (this.#armed === undefined) return;
    this.#armed.left -= bytes;
    if (this.#armed.left > 0) return;
    const { how } = this.#armed;
    this.#armed = undefined;
    if (how === 'silence') return this.silence();
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.dropAll();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(client: Socket): void {
    if (this.#refusing) {
      client.resetAndDestroy();
      return;
    }
    this.#connections += 1;
    const server = connect(this.#target.port, this.#target.host);
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#pairs.delete(pair);
        for (const other of pair) other.destroy();
      });
    }
    if (this.#silent) return;
    client.pipe(server);
    server.pipe(client);
    // After the pipe's own listener, so the last bytes are on their way.
    client.on('data', (chunk: Buffer) => this.#count(chunk.length));
  }
}
