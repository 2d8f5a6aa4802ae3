/**
 * The way through a jump host. sshd says nothing of a forward until its kernel has given up, which takes two
 * minutes. Meanwhile the jump host itself is well, so its connection stays, and only this one way is given up.
 */
import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { HostError, type HostEndpoint } from '../host.ts';
import { endpointName } from './connect.ts';

/** The connection to the jump host. */
export interface Gate {
  readonly host: string;
  readonly client: Pick<Client, 'forwardOut'>;
}

/**
 * @param seconds until the endpoint has to take the TCP connection
 * @throws HostError HostUnreachable, or the signal's reason
 */
export function forward(
  gate: Gate,
  endpoint: HostEndpoint,
  signal: AbortSignal,
  seconds: number,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const settle = (): void => {
      isOver = true;
      clearTimeout(late);
      signal.removeEventListener('abort', aborted);
    };
    const failed = (error: unknown): void => {
      settle();
      const cause = error instanceof Error ? error.message : String(error);
      const message = `the jump host ${gate.host} does not reach ${endpoint.address}:${endpoint.port}: ${cause}`;
      reject(new HostError('HostUnreachable', endpointName(endpoint), message, error));
    };
    const late = setTimeout(() => failed(new Error(`no TCP connection within ${seconds} s`)), seconds * 1000);
    const aborted = (): void => {
      settle();
      reject(signal.reason);
    };
    if (signal.aborted) return aborted();
    signal.addEventListener('abort', aborted, { once: true });
    try {
      gate.client.forwardOut('127.0.0.1', 0, endpoint.address, endpoint.port, (error, channel) => {
        if (error) return failed(error);
        if (isOver) return void channel.destroy();
        settle();
        resolve(channel);
      });
    } catch (error) {
      failed(error);
    }
  });
}
