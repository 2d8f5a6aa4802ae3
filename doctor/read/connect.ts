/** Tries a plain TCP connection, to tell apart why a service cannot be reached; and resolves names. */
import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import type { AddressRules } from '../../base/address-rules.ts';
import { optional } from '../../base/optional.ts';
import type { Resolved } from '../judge/names.ts';
import { connectedBy, type Connected } from '../judge/network.ts';

const answerSeconds = 5;

/** @param addresses which may be connected to; default: all */
export async function tryConnection(
  host: string,
  port: number,
  signal: AbortSignal,
  addresses?: AddressRules,
): Promise<Connected> {
  signal.throwIfAborted();
  try {
    addresses?.check(host);
  } catch (error) {
    return connectedBy(codeOf(error as NodeJS.ErrnoException));
  }
  const socket = connect({ host, port, ...optional({ lookup: addresses?.lookup }) });
  const done = Promise.withResolvers<Connected>();
  const aborted = (): void => done.reject(signal.reason);
  signal.addEventListener('abort', aborted, { once: true });
  socket.setTimeout(answerSeconds * 1000, () => done.resolve({ kind: 'NoAnswer' }));
  socket.once('connect', () => done.resolve({ kind: 'Open' }));
  socket.once('error', (error: NodeJS.ErrnoException) => done.resolve(connectedBy(codeOf(error))));
  try {
    return await done.promise;
  } finally {
    signal.removeEventListener('abort', aborted);
    socket.destroy();
  }
}

/** Of a name with several addresses, Node puts the errors into one; they mostly agree. */
function codeOf(error: NodeJS.ErrnoException & { readonly errors?: readonly unknown[] }): string {
  const first = error.errors?.[0] as NodeJS.ErrnoException | undefined;
  return error.code ?? first?.code ?? error.message;
}

/** As programs on this machine do, /etc/hosts included. */
export async function resolve(name: string): Promise<Resolved> {
  try {
    const found = await lookup(name, { all: true });
    return { name, addresses: found.map(({ address }) => address) };
  } catch (error) {
    return { name, error: (error as NodeJS.ErrnoException).code ?? 'unknown' };
  }
}
