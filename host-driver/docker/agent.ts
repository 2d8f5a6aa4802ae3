/**
 * Makes sockets to the host's Docker daemon through the open SSH connection: channels to its unix socket,
 * kept alive, so a request costs one round trip. dockerode's own SSH support opens a connection per request
 * and checks no host key.
 */
import { Agent } from 'node:http';
import { inspect } from 'node:util';
import type { ClientChannel } from 'ssh2';
import { ByteCollector, ByteTail } from '../../base/byte-collector.ts';
import { HostError } from '../host.ts';
import type { Connection } from '../ssh/connection.ts';
import { orDisconnect } from '../ssh/or-disconnect.ts';
import { ChannelSocket } from './channel-socket.ts';
import { silentDocker } from './silent.ts';

const dockerSocket = '/var/run/docker.sock';
/** Time for the daemon's first answer through the CLI. */
const answerSeconds = 15;
const longestNoise = 1024 * 1024;
const longestComplaint = 4096;

/** sshd does not count a forwarded socket. `docker system dial-stdio` costs one of its ten sessions. */
export type DockerWay = 'socket' | 'dial-stdio';

/** How to reach the daemon of one connection. This is found out once per connection. */
export class DockerDialer {
  readonly #connection: Connection;
  #way: DockerWay | undefined;
  #learning: Promise<DockerWay> | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @throws HostError DockerUnavailable when neither way leads to a daemon. The next call looks again. */
  async way(): Promise<DockerWay> {
    if (this.#way !== undefined) return this.#way;
    this.#learning ??= this.#learn().finally(() => (this.#learning = undefined));
    return (this.#way = await this.#learning);
  }

  async dial(): Promise<ClientChannel> {
    if ((await this.way()) === 'dial-stdio') return await this.#dialStdio();
    try {
      return await this.#forward();
    } catch (error) {
      throw this.#connection.isOpen ? unavailable(this.#connection.host, error) : error;
    }
  }

  async #learn(): Promise<DockerWay> {
    try {
      (await this.#forward()).close();
      return 'socket';
    } catch (error) {
      if (!this.#connection.isOpen) throw error;
      // sshd gives the same answer for "forwarding is off", "no such socket" and "no permission". The CLI
      // tells them apart.
      (await this.#dialStdio()).close();
      return 'dial-stdio';
    }
  }

  #forward(): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      const { client } = this.#connection;
      const opened = orDisconnect(client, (error, channel) => (error ? reject(error) : resolve(channel)));
      client.openssh_forwardOutStreamLocal(dockerSocket, opened);
    });
  }

  async #tellSilence(tell: (error: HostError) => void): Promise<void> {
    tell(await silentDocker(this.#connection, 'a ping'));
  }

  /** `docker system dial-stdio` must answer a ping. If the CLI or the daemon is missing, it ends at once. */
  #dialStdio(): Promise<ClientChannel> {
    return new Promise<ClientChannel>((resolve, reject) => {
      const { client } = this.#connection;
      const opened = orDisconnect(client, (error, channel) => {
        if (error) return reject(error);
        const said = new ByteTail(longestComplaint);
        const ended = () =>
          // Its queue is full, because nobody takes from it.
          said.text().includes('resource temporarily unavailable')
            ? hangs()
            : reject(unavailable(this.#connection.host));
        const hangs = () => void this.#tellSilence(reject);
        const hanging = setTimeout(() => {
          channel.off('close', ended);
          channel.close();
          hangs();
        }, answerSeconds * 1000);
        hanging.unref();
        channel.once('close', () => clearTimeout(hanging));
        const answer = new ByteCollector();
        let [status, searched] = [-1, 0];
        const heard = (chunk: Buffer) => {
          answer.add(chunk);
          // The answer to HEAD has no body. It ends at the blank line, and then the channel is as good as
          // new. It is not paused: nothing comes before the next request. Output of the login shell may come
          // first; if there is this much of it, it never ends.
          if (answer.length > longestNoise) return channel.close();
          const bytes = answer.bytes();
          if (status < 0) ({ status, searched } = statusLine(bytes, searched));
          const isWhole = status >= 0 && bytes.includes('\r\n\r\n', Math.max(status, searched - 3));
          if (status >= 0) searched = bytes.length;
          if (!isWhole) return;
          clearTimeout(hanging);
          channel.off('data', heard);
          channel.off('close', ended);
          resolve(channel);
        };
        channel.on('data', heard);
        channel.on('close', ended);
        channel.on('error', ended);
        channel.stderr.on('data', (chunk: Buffer) => said.add(chunk));
        channel.write('HEAD /_ping HTTP/1.1\r\nHost: docker\r\n\r\n');
      });
      client.exec('exec docker system dial-stdio', opened);
    });
  }
}

const statusBytes = 'HTTP/1.1 200'.length;

/**
 * Finds the first line of an answer, which a login shell may print something like before. No byte is looked at often.
 * @param from where to go on
 * @returns `status` -1: not there yet; `searched`: where to go on then
 */
function statusLine(bytes: Buffer, from: number): { readonly status: number; readonly searched: number } {
  let at = bytes.indexOf('HTTP/1.', from);
  for (; at >= 0 && at + statusBytes <= bytes.length; at = bytes.indexOf('HTTP/1.', at + 1))
    if (/^HTTP\/1\.[01] \d{3}$/.test(bytes.toString('latin1', at, at + statusBytes)))
      return { status: at, searched: at };
  return { status: -1, searched: at >= 0 ? at : Math.max(from, bytes.length - statusBytes) };
}

function unavailable(host: string, cause?: unknown): HostError {
  const advice =
    'install Docker or start it, and put the SSH user into group docker (host.bootstrap: Managed does all that)';
  return new HostError('DockerUnavailable', host, `no Docker daemon answers on ${host}: ${advice}`, cause);
}

/**
 * @param maximumSockets channels at the same time. Further requests wait for a free one.
 * @param longestAnswer in bytes, by how the request begins
 */
export function dockerAgent(
  dialer: DockerDialer,
  maximumSockets: number,
  longestAnswer?: (request: string) => number,
): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: maximumSockets, maxFreeSockets: 6 });
  // docker-modem writes each request down for a debugger that is not there, with all that can be reached from here.
  Object.defineProperty(agent, inspect.custom, { value: () => 'Agent' });
  agent.createConnection = () => new ChannelSocket(() => dialer.dial(), longestAnswer);
  return agent;
}
