/**
 * Sockets to the host's Docker daemon through the SSH connection that is there already: a channel to its unix socket, kept
 * alive (a request costs one round trip). dockerode's own SSH support opens a connection per request and checks no host key.
 */
import { Agent } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { HostError } from '../host.ts';
import type { Connection } from '../ssh/pool.ts';
import { ChannelSocket } from './channel-socket.ts';

const dockerSocket = '/var/run/docker.sock';

/** How the daemon of one connection is reached; learned once per connection. */
export class DockerDialer {
  readonly #connection: Connection;
  #way: 'socket' | 'dial-stdio' = 'socket';

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @throws HostError DockerUnavailable when neither way leads to a daemon. */
  async dial(): Promise<ChannelSocket> {
    if (this.#way === 'dial-stdio') return await this.#dialStdio();
    try {
      return new ChannelSocket(await this.#forward());
    } catch (error) {
      if (!this.#connection.isOpen) throw error;
      // sshd answers the same for "forwarding is off", "no such socket" and "no permission": asking the CLI tells them apart.
      const socket = await this.#dialStdio();
      this.#way = 'dial-stdio';
      return socket;
    }
  }

  #forward(): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      this.#connection.client.openssh_forwardOutStreamLocal(dockerSocket, (error, channel) => (error ? reject(error) : resolve(channel)));
    });
  }

  /** `docker system dial-stdio` proves itself by answering a ping; a missing CLI or daemon ends it at once. */
  async #dialStdio(): Promise<ChannelSocket> {
    const host = this.#connection.host;
    const channel = await new Promise<ClientChannel>((resolve, reject) => {
      this.#connection.client.exec('exec docker system dial-stdio', (error, opened) => (error ? reject(error) : resolve(opened)));
    });
    const socket = new ChannelSocket(channel);
    await new Promise<void>((resolve, reject) => {
      let answer = '';
      const unavailable = () =>
        reject(
          new HostError(
            'DockerUnavailable',
            host,
            `no Docker daemon answers on ${host}: install Docker or start it, and put the SSH user into group docker (host.bootstrap: Managed does all that)`,
          ),
        );
      const heard = (chunk: Buffer) => {
        answer += chunk.toString('latin1');
        // A HEAD answer has no body: it is over at the blank line, and the channel is as good as new.
        if (!answer.includes('\r\n\r\n')) return;
        socket.off('data', heard);
        socket.off('close', unavailable);
        socket.off('end', unavailable);
        socket.pause();
        resolve();
      };
      socket.on('data', heard);
      socket.once('close', unavailable);
      socket.once('end', unavailable);
      socket.on('error', unavailable);
      socket.write('HEAD /_ping HTTP/1.1\r\nHost: docker\r\n\r\n');
    });
    return socket;
  }
}

/** @param maximumSockets channels at once; requests beyond wait for a free one. */
export function dockerAgent(dialer: DockerDialer, maximumSockets: number): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: maximumSockets, maxFreeSockets: 6 });
  // node:http ignores the socket when there is an error; its type wants one all the same.
  agent.createConnection = (_options, callback): undefined => {
    void dialInto(dialer, callback as SocketCallback | undefined);
  };
  return agent;
}

type SocketCallback = (error: Error | null, socket?: Duplex) => void;

async function dialInto(dialer: DockerDialer, done: SocketCallback | undefined): Promise<void> {
  let socket: Duplex;
  try {
    socket = await dialer.dial();
  } catch (error) {
    done?.(error instanceof Error ? error : new Error(String(error)));
    return;
  }
  done?.(null, socket);
}
