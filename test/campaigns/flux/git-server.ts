/** A git server as many run one: `git http-backend` behind HTTP, on this machine. Anybody may push. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { run } from '../../../kit/process.ts';

export interface GitServer extends AsyncDisposable {
  /** Such as `http://127.0.0.1:40123`; a repository lies at `/NAME.git`. */
  readonly origin: string;
}

/** @param root folder of the bare repositories */
export async function startGitServer(root: string): Promise<GitServer> {
  const server = createServer((request, response) => {
    answer(root, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** An empty bare repository that takes pushes over HTTP. */
export async function makeRepository(path: string): Promise<void> {
  await run(['git', 'init', '--quiet', '--bare', '--initial-branch', 'main', path]);
  await run(['git', '-C', path, 'config', 'http.receivepack', 'true']);
}

async function answer(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, search } = new URL(request.url ?? '/', 'http://git.invalid');
  const backend = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: request.method ?? 'GET',
      PATH_INFO: decodeURIComponent(pathname),
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      CONTENT_LENGTH: request.headers['content-length'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  backend.stdin.on('error', () => {}); // it may answer without reading everything
  request.pipe(backend.stdin);
  let head = Buffer.alloc(0);
  for await (const chunk of backend.stdout as AsyncIterable<Buffer>) {
    if (response.headersSent) {
      response.write(chunk);
      continue;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) continue;
    response.writeHead(...readHead(head.subarray(0, end).toString()));
    response.write(head.subarray(end + 4));
  }
  response.end();
}

/** What CGI says before the body: headers, of which `Status` is the status. */
function readHead(text: string): [number, Record<string, string>] {
  const headers = Object.fromEntries(
    text.split('\r\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const { status = '200', ...others } = headers;
  return [Number.parseInt(status, 10), others];
}
