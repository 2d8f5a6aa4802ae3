/**
 * Makes one authenticated SSH connection to one endpoint. ssh2 accepts any host key if nobody checks it. So
 * the check is here. It fails closed, and it runs before a single byte of authentication is sent.
 */
import { createHash } from 'node:crypto';
import { connect as connectTCP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Client, ConnectConfig, ServerHostKeyAlgorithm } from 'ssh2';
import { HostError } from '../host.ts';
import type { HostEndpoint } from '../host.ts';
import { algorithms as agreed } from './algorithms.ts';
import type { AddressRules } from '../../base/address-rules.ts';
import { optional } from '../../base/optional.ts';

const longestFirstLine = 200;

/** Seconds from the first packet to the end of authentication. */
const readySeconds = 15;

/**
 * Seconds until the host has to take the TCP connection: time for a packet and its repetitions after 1, 3 and
 * 7 s. A host that did not answer last time gets less time.
 */
export const tcpSeconds = { unknown: 10, wasAway: 5 } as const;

/**
 * A machine has a key of each family, and the user may have pinned any of them. Which key it shows depends on
 * what the client asks for. So after a mismatch, the other families are tried before the verdict.
 */
const keyFamilies = [
  { type: 'ssh-ed25519', algorithms: ['ssh-ed25519'] },
  { type: 'ecdsa-', algorithms: ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'] },
  { type: 'ssh-rsa', algorithms: ['rsa-sha2-512', 'rsa-sha2-256'] },
] as const satisfies readonly {
  readonly type: string;
  readonly algorithms: readonly ServerHostKeyAlgorithm[];
}[];

/** A public key's fingerprint in OpenSSH's notation: `SHA256:` and unpadded base 64. */
export function fingerprint(publicKey: Buffer): string {
  return `SHA256:${createHash('sha256').update(publicKey).digest('base64').replace(/=+$/, '')}`;
}

/** The endpoint's name in messages: `user@address:port`. */
export function endpointName(endpoint: HostEndpoint): string {
  return `${endpoint.user}@${endpoint.address}:${endpoint.port}`;
}

/**
 * Connects and authenticates.
 * @param openSocket makes the stream for SSH, once for each family of keys that is tried
 * @throws HostError HostUnreachable, HostKeyMismatch, AuthenticationFailed or AddressBanned. In all cases
 * nothing ran on the host.
 */
export async function connect(
  endpoint: HostEndpoint,
  signal: AbortSignal,
  openSocket: () => Promise<Duplex>,
): Promise<Connected> {
  // This is loaded with the first connection: an operator without stacks does not need its 14 MB.
  const ssh = await import('ssh2');
  const seen: string[] = [];
  const asked = new Set<(typeof keyFamilies)[number]>(keyFamilies);
  // First try all families: one connection is nearly always enough.
  for (
    let algorithms = keyFamilies.flatMap((one) => one.algorithms as readonly ServerHostKeyAlgorithm[]);
    ;
  ) {
    const socket = await openSocket();
    const outcome = await attempt(new ssh.Client(), endpoint, algorithms, socket, signal);
    if ('client' in outcome) return outcome;
    if (outcome.key !== undefined) seen.push(fingerprint(outcome.key));
    for (const family of asked) {
      // The family that was asked for first was shown, or does not exist. So this loop ends, whatever the
      // other side answers.
      const shown = outcome.key !== undefined && keyType(outcome.key).startsWith(family.type);
      if (shown || family.algorithms[0] === algorithms[0]) asked.delete(family);
    }
    const [next] = asked;
    if (next === undefined) break;
    algorithms = [...next.algorithms];
  }
  const name = endpointName(endpoint);
  if (seen.length === 0) {
    throw new HostError(
      'HostUnreachable',
      name,
      `${name} offers no host key of a supported kind (ed25519, ECDSA, RSA with SHA-2)`,
    );
  }
  throw new HostError(
    'HostKeyMismatch',
    name,
    `${name} showed ${seen.join(', ')}, pinned is ${endpoint.hostKeyFingerprints.join(', ') || 'nothing'}: either the machine was reinstalled ` +
      '(then put its new fingerprint into hostKeyFingerprints) or another machine answers; nothing was sent to it',
  );
}

/**
 * TCP to the endpoint's address, if the rules allow it. The stream fails if the host does not take it in time.
 * @throws HostError HostUnreachable
 */
export async function openTCP(
  endpoint: HostEndpoint,
  rules: AddressRules | undefined,
  seconds: number = tcpSeconds.unknown,
): Promise<Duplex> {
  const { address: host, port } = endpoint;
  try {
    rules?.check(host);
  } catch (error) {
    throw new HostError('HostUnreachable', endpointName(endpoint), (error as Error).message, error);
  }
  const socket = connectTCP({ host, port, ...optional({ lookup: rules?.lookup }) });
  const late = setTimeout(
    () => socket.destroy(new Error(`no TCP connection within ${seconds} s`)),
    seconds * 1000,
  );
  const settle = (): void => clearTimeout(late);
  return socket.once('connect', settle).once('close', settle);
}

/** An authenticated connection, with the fingerprint of the pinned key that the machine proved to have. */
export interface Connected {
  readonly client: Client;
  readonly hostKey: string;
}

type Attempt = Connected | { readonly key?: Buffer };

/** An SSH public key begins with the name of its type: a string after its length (RFC 4253, 6.6). */
function keyType(publicKey: Buffer): string {
  return publicKey.subarray(4, 4 + publicKey.readUInt32BE(0)).toString('latin1');
}

function attempt(
  client: Client,
  endpoint: HostEndpoint,
  algorithms: readonly ServerHostKeyAlgorithm[],
  socket: Duplex,
  signal: AbortSignal,
): Promise<Attempt> {
  let shown: Buffer | undefined;
  let accepted = false;
  const config: ConnectConfig = {
    host: endpoint.address,
    port: endpoint.port,
    username: endpoint.user,
    privateKey: endpoint.privateKey,
    ...optional({ passphrase: endpoint.passphrase }),
    sock: socket as NonNullable<ConnectConfig['sock']>,
    // Offer only the key: trying "none" first costs a round trip, and sshd counts it as a failure.
    authHandler: ['publickey'],
    algorithms: { ...agreed, serverHostKey: [...algorithms] },
    keepaliveInterval: 15_000,
    keepaliveCountMax: 3,
    readyTimeout: readySeconds * 1000,
    hostVerifier: (key: Buffer) => {
      shown = key;
      accepted = endpoint.hostKeyFingerprints.includes(fingerprint(key));
      return accepted;
    },
  };
  return new Promise<Attempt>((resolve, reject) => {
    // ssh2's readyTimeout starts with the TCP connection. This one limits everything.
    const deadline = setTimeout(
      () => fail(new Error(`no answer within ${readySeconds + 5} s`)),
      (readySeconds + 5) * 1000,
    );
    const settle = () => {
      clearTimeout(deadline);
      signal.removeEventListener('abort', aborted);
    };
    const giveUp = () => {
      settle();
      client.destroy();
      // A client whose key was refused never took the socket over.
      socket.destroy();
    };
    const aborted = () => {
      giveUp();
      reject(signal.reason);
    };
    const fail = (error: Error) => {
      giveUp();
      if (shown !== undefined && !accepted) resolve({ key: shown });
      else if (/no matching host key/i.test(error.message)) resolve({});
      else reject(connectError(endpoint, error, firstLine));
    };
    // sshd may say in plain text why it refuses. ssh2 waits for a line that begins with "SSH-" and drops all
    // others.
    let firstLine = '';
    const hear = (chunk: Buffer) => {
      firstLine += chunk.toString('latin1', 0, longestFirstLine - firstLine.length);
      if (firstLine.includes('\n') || firstLine.length >= longestFirstLine) socket.off('data', hear);
    };
    client.on('error', fail);
    client.on('close', () => fail(new Error('the connection was closed during the handshake')));
    client.on('ready', () => {
      settle();
      client.removeAllListeners('error');
      client.removeAllListeners('close');
      // Without this, every round trip waits 40 ms for a delayed ACK.
      client.setNoDelay(true);
      resolve({ client, hostKey: shown === undefined ? '' : fingerprint(shown) });
    });
    if (signal.aborted) return aborted();
    signal.addEventListener('abort', aborted, { once: true });
    try {
      client.connect(config);
      socket.on('data', hear);
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

/**
 * ssh2 marks errors with a `level`.
 * @param firstLine the first line of the other side. If it refuses, these are OpenSSH's words (sshd.c,
 * drop_connection).
 */
function connectError(
  endpoint: HostEndpoint,
  error: Error & { level?: string },
  firstLine: string,
): HostError {
  const name = endpointName(endpoint);
  if (firstLine.startsWith('Not allowed at this time')) {
    return new HostError(
      'AddressBanned',
      name,
      `sshd at ${name} bans our address, because logins from there failed (PerSourcePenalties): nobody gets in from there for 15 s at ` +
        'least and 10 min at most, unless its sshd_config has other times. The ban ends by itself, and asking meanwhile does not prolong it; a wrong ' +
        'key or user brings the next one: correct spec.host.user, the Secret or authorized_keys, also of other stacks on this host',
      error,
    );
  }
  if (firstLine.startsWith('Exceeded MaxStartups')) {
    return new HostError(
      'HostUnreachable',
      name,
      `sshd at ${name} has as many unfinished logins as it allows (MaxStartups): the operator tries again later`,
      error,
    );
  }
  if (error.level === 'client-authentication') {
    return new HostError(
      'AuthenticationFailed',
      name,
      `${name} refuses the SSH key: put its public half into ~${endpoint.user}/.ssh/authorized_keys, or correct user and Secret`,
      error,
    );
  }
  return new HostError(
    'HostUnreachable',
    name,
    `no SSH connection to ${name}: ${error.message}; check address, port, network and sshd`,
    error,
  );
}
