/**
 * Finds the address from which this process talks to a service. A firewall there has to let it in, unless
 * something on the way changes it.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const longestMilliseconds = 2_000;

/**
 * Asks the routing table of this machine and sends nothing. Undefined if the service cannot be reached or its
 * name cannot be resolved.
 */
export async function sourceAddress(url: string): Promise<string | undefined> {
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  for (const type of host.includes(':') ? (['udp6'] as const) : (['udp4', 'udp6'] as const)) {
    const socket = createSocket(type);
    try {
      const connected = once(socket, 'connect', { signal: AbortSignal.timeout(longestMilliseconds) });
      socket.connect(port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port), host);
      await connected;
      return socket.address().address;
    } catch {
      // Perhaps the service has only addresses of the other kind.
    } finally {
      socket.close();
    }
  }
  return undefined;
}
