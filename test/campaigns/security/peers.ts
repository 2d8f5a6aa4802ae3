/** A server that answers with what it is told, as a hostile store does. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Form } from './answers.ts';
import type { ServerOrder } from './peer-orders.ts';

interface HttpPeer extends AsyncDisposable {
  readonly url: string;
}

/** What a blob says of its length, whatever follows. It is as long as readers allow. */
const claimedBytes = 1024 * 1024;

/** Gives the answer to everything, with this status. */
export async function httpPeer(
  answer: Answer,
  { form, status, closedPath }: Omit<ServerOrder, 'answer'>,
): Promise<HttpPeer> {
  const server = createServer((request, response: ServerResponse) => {
    request.resume();
    if (request.url?.endsWith('/_ping') === true) {
      response.end('OK');
      return;
    }
    if (closedPath !== undefined && request.url?.startsWith(closedPath) === true) {
      const challenge = `Bearer realm="http://${request.headers.host}/token",service="a"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
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

/** @param given default: the end of it is the end of the stream */
export function give(
  { pieces, pauseMilliseconds, isCrumbled }: Answer,
  form: Form,
  to: Writable,
  given?: () => void,
): void {
  async function* paced(): AsyncGenerator<Buffer | string> {
    for (const part of pieces(form)) {
      if (to.destroyed) return;
      if (isCrumbled === true) for (const byte of Buffer.from(part)) yield Buffer.of(byte);
      else if (part.length > 0) yield part;
      // In any case, others get their turn.
      await sleep(pauseMilliseconds ?? 0);
    }
  }
  pipeline(Readable.from(paced()), to, { end: given === undefined }).then(
    () => given?.(),
    // Readers leave when they have had enough.
    () => undefined,
  );
}
