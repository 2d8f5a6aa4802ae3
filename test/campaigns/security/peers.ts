/** A server that answers with what it is told, as a hostile store does. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline, Readable, type Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Form } from './answers.ts';

export interface HttpPeer extends AsyncDisposable {
  readonly url: string;
}

/** What a blob says of its length, whatever follows. It is as long as readers allow. */
const claimedBytes = 1024 * 1024;

/** Gives the answer to everything, with this status. */
export async function httpPeer(answer: Answer, form: Form, status = 200): Promise<HttpPeer> {
  const server = createServer((request, response: ServerResponse) => {
    request.resume();
    if (request.url?.endsWith('/_ping') === true) {
      response.end('OK');
      return;
    }
    response.writeHead(status, {
      'content-type': form === 'XML' ? 'application/xml' : 'application/json',
      // Without these, the client of a store looks at nothing else.
      etag: '"0x1"',
      'last-modified': 'Mon, 01 Jan 2029 00:00:00 GMT',
      ...(form === 'Bytes' ? { 'content-length': String(claimedBytes) } : {}),
    });
    // The answer to a HEAD has no content.
    if (request.method === 'HEAD') response.end();
    else give(answer, form, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/account`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function give({ pieces, pauseMilliseconds }: Answer, form: Form, to: Writable): void {
  async function* paced(): AsyncGenerator<Buffer | string> {
    for (const part of pieces(form)) {
      if (to.destroyed) return;
      if (part.length > 0) yield part;
      // In any case, others get their turn.
      await sleep(pauseMilliseconds ?? 0);
    }
  }
  // Readers leave when they have had enough.
  pipeline(Readable.from(paced()), to, () => undefined);
}
