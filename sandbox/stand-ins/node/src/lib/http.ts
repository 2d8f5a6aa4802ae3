/** The little HTTP that the stand-ins share: one handler, answers with a body and a status. */
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import { explain, say } from './service.ts';

export interface Answer {
  readonly status: number;
  readonly type: 'text/plain' | 'text/html' | 'application/json' | 'image/svg+xml';
  readonly body: string | Buffer;
}

export function json(status: number, value: unknown): Answer {
  return { status, type: 'application/json', body: `${JSON.stringify(value, undefined, 2)}\n` };
}

export function plain(status: number, text: string): Answer {
  return { status, type: 'text/plain', body: `${text}\n` };
}

async function respond(pending: Promise<Answer>, headOnly: boolean, response: ServerResponse): Promise<void> {
  const answer = await pending.catch((error: unknown) => plain(503, explain(error)));
  response.writeHead(answer.status, {
    'content-type': answer.type === 'image/svg+xml' ? answer.type : `${answer.type}; charset=utf-8`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(headOnly ? undefined : answer.body);
}

/** Serves on all addresses. A handler that throws becomes a 503 with the reason. */
export function serve(port: number, handle: (path: string) => Promise<Answer>): Server {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    void respond(handle(path), request.method === 'HEAD', response);
  });
  server.on('error', (error) => {
    say(`error: cannot serve on port ${port}: ${error.message}`);
    process.exit(1);
  });
  server.listen(port);
  return server;
}
