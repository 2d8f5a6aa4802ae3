/** Servers of this machine in the place of hosts: they take the connection and never say who they are. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface ListeningHost {
  readonly address: string;
  readonly port: number;
}

export interface Sent {
  connections: number;
  /** Of connections that have ended. */
  bytes: number;
}

export class SilentHosts {
  readonly hosts: readonly ListeningHost[];
  readonly #servers: readonly Server[];
  readonly #sockets: ReadonlySet<Socket>;
  readonly #sent: Sent;

  private constructor(
    hosts: readonly ListeningHost[],
    servers: readonly Server[],
    sockets: ReadonlySet<Socket>,
    sent: Sent,
  ) {
    this.hosts = hosts;
    this.#servers = servers;
    this.#sockets = sockets;
    this.#sent = sent;
  }

  /** So far. */
  get sent(): Sent {
    return { ...this.#sent };
  }

  /**
   * @param net the second part of their loopback addresses, so that each kind has its own
   * @param says what each connection is told over and over, 20 times a second; default: nothing
   */
  static async listen(count: number, net: number, says?: Buffer): Promise<SilentHosts> {
    const sockets = new Set<Socket>();
    const sent: Sent = { connections: 0, bytes: 0 };
    const servers: Server[] = [];
    const hosts: ListeningHost[] = [];
    for (let index = 0; index < count; index += 1) {
      const address = `127.${net}.${Math.floor(index / 250)}.${(index % 250) + 1}`;
      const server = createServer((socket) => {
        sockets.add(socket);
        sent.connections += 1;
        const talking =
          says === undefined
            ? undefined
            : setInterval(() => void (socket.writableNeedDrain || socket.write(says)), 50);
        socket.on('error', () => undefined);
        socket.resume().on('close', () => {
          clearInterval(talking);
          sockets.delete(socket);
          sent.bytes += socket.bytesWritten;
        });
      }).listen(0, address);
      await once(server, 'listening');
      servers.push(server);
      hosts.push({ address, port: (server.address() as AddressInfo).port });
    }
    return new SilentHosts(hosts, servers, sockets, sent);
  }

  async close(): Promise<void> {
    const closed = this.#servers.map((server) => once(server.close(), 'close'));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }
}
