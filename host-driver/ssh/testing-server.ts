/**
 * An SSH server in this process. It does what a real sshd cannot be made to do: lose an exit code, fall
 * silent, break off.
 */
import { generateKeyPairSync } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect as tcpConnect } from 'node:net';
import ssh2 from 'ssh2';
import type { Connection, ServerChannel } from 'ssh2';
import type { HostTarget } from '../host.ts';
import { fingerprint } from './connect.ts';

export interface TestingServer extends AsyncDisposable {
  readonly target: HostTarget;
  /** Commands that arrived, in order. */
  readonly commands: string[];
  /** Numbers of connections that arrived, and of those that logged in. */
  readonly counts: { connections: number; logins: number };
  /**
   * Addresses that somebody asked to be led to. Of other machines nothing is said, as sshd does while one is
   * silent.
   */
  readonly ways: readonly string[];
  /** Breaks every connection off. */
  drop(): void;
}

export interface TestingServerOptions {
  /** Answers a command. Default: exit code 0. */
  readonly onCommand?: (command: string, channel: ServerChannel) => void;
  /** Does all that the login shell would do with the line. */
  readonly onLine?: (line: string, channel: ServerChannel) => void;
  /** What the login shell prints before each command, on both streams. */
  readonly shellSays?: string;
  /** The login shell prints and ends, whatever the command is. */
  readonly runsNothing?: boolean;
  /** Takes logins, and says nothing to whoever wants a channel. */
  readonly opensNothing?: boolean;
  /** Where Docker's socket leads: a port of this machine. Default: there is no such socket. */
  readonly dockerPort?: number;
  /** Asks for new keys as soon as it has some. */
  readonly rekeys?: boolean;
  /** Refuses every login. */
  readonly refuses?: boolean;
}

function keyPair(): { readonly privateKey: string; readonly blob: Buffer } {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const parsed = ssh2.utils.parseKey(privateKey);
  if (parsed instanceof Error) throw parsed;
  return { privateKey, blob: (Array.isArray(parsed) ? parsed[0] : parsed).getPublicSSH() };
}

export async function startTestingServer(options: TestingServerOptions = {}): Promise<TestingServer> {
  const [hostKey, userKey] = [keyPair(), keyPair()];
  const commands: string[] = [];
  const ways: string[] = [];
  const counts = { connections: 0, logins: 0 };
  const open = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [hostKey.privateKey] }, (client) => {
    counts.connections += 1;
    open.add(client);
    client.on('error', () => undefined);
    client.on('close', () => open.delete(client));
    client.on('authentication', (context) => {
      if (options.refuses === true || context.method !== 'publickey') context.reject(['publickey']);
      else context.accept();
    });
    client.on('ready', () => {
      counts.logins += 1;
      if (options.rekeys === true) client.on('rekey', () => client.rekey()).rekey();
    });
    client.on('session', (acceptSession) => {
      if (options.opensNothing === true) return;
      acceptSession().on('exec', (accept, _reject, { command: line }) => {
        const channel = accept();
        if (options.onLine !== undefined) return options.onLine(line, channel);
        const { mark, command } = unmarked(line);
        commands.push(command);
        channel.write(options.shellSays ?? '');
        channel.stderr.write(options.shellSays ?? '');
        if (options.runsNothing === true) {
          channel.exit(1);
          return channel.end();
        }
        channel.write(`${mark}\n`);
        channel.stderr.write(`${mark}\n`);
        if (options.onCommand !== undefined) return options.onCommand(command, channel);
        channel.exit(0);
        channel.end();
      });
    });
    client.on('tcpip', (accept, _reject, { destIP, destPort }) => {
      ways.push(destIP);
      if (destIP === '127.0.0.1') lead(accept(), destIP, destPort);
    });
    const { dockerPort } = options;
    if (dockerPort !== undefined)
      client.on('openssh.streamlocal', (accept) => lead(accept(), '127.0.0.1', dockerPort));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const drop = () => {
    for (const client of open) client.end();
  };
  return {
    target: {
      address: '127.0.0.1',
      port,
      user: 'jtel',
      hostKeyFingerprints: [fingerprint(hostKey.blob)],
      privateKey: userKey.privateKey,
    },
    commands,
    counts,
    ways,
    drop,
    [Symbol.asyncDispose]: async () => {
      drop();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function lead(channel: ServerChannel, host: string, port: number): void {
  const socket = tcpConnect({ host, port });
  channel.on('error', () => undefined);
  channel.on('close', () => socket.destroy());
  socket.on('error', () => channel.close());
  channel.pipe(socket).pipe(channel);
}

/** The reverse of `markedCommand`. */
function unmarked(line: string): { readonly mark: string; readonly command: string } {
  const [, mark = '', quoted = ''] = /^exec 'sh' '-c' 'echo (\S+); echo \S+ >&2; ([^]*)'$/.exec(line) ?? [];
  return { mark, command: quoted.replaceAll("'\\''", "'") };
}
