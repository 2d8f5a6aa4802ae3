/**
 * Takes what the servers of a hostile tenant send, in place of an operator: a process of its own that connects as often
 * and takes as much as the operator did. So a run beside it has all of the tenant's load on the machine, and none of
 * what the operator does with it.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';

/** What servers of one kind were asked for, and have sent. */
export interface Traffic {
  readonly servers: readonly { readonly address: string; readonly port: number }[];
  /** Sent on each connection. */
  readonly request?: string;
  readonly connections: number;
  readonly bytes: number;
  /** In which it was. */
  readonly seconds: number;
}

/** As the operator waits for a host that says nothing. */
const longestSeconds = 20;

/** Runs until it is stopped. */
export class Sink {
  readonly #child: ChildProcess;

  constructor(traffic: readonly Traffic[]) {
    this.#child = fork(fileURLToPath(import.meta.url), { execArgv: [] });
    this.#child.send(traffic);
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}

function take({ servers, request, connections, bytes, seconds }: Traffic): void {
  if (connections === 0) return;
  let next = 0;
  setInterval(
    () => {
      const server = servers[next++ % servers.length];
      if (server === undefined) return;
      const socket = connect({ host: server.address, port: server.port });
      const late = setTimeout(() => socket.destroy(), longestSeconds * 1000);
      socket.on('error', () => undefined).on('close', () => clearTimeout(late));
      socket.on('data', () => {
        if (socket.bytesRead >= bytes / connections) socket.destroy();
      });
      if (request !== undefined) socket.write(request);
    },
    (seconds * 1000) / connections,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.send !== undefined) {
  process.once('disconnect', () => process.exit());
  process.once('message', (traffic: readonly Traffic[]) => traffic.forEach((each) => take(each)));
}
