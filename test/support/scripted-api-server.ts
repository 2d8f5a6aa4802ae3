/**
 * An API server that answers by script: for what a real one does too seldom or too late to be tested (expired
 * versions, torn streams).
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConnection } from '../../runtime/index.ts';

export type Answer = (response: ServerResponse, query: URLSearchParams) => void;

export interface ScriptedApiServer {
  readonly connection: KubeConnection;
  /** `list` or `watch <resourceVersion>`, in order. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Answers lists and watches one after the other. The last answer of each repeats. */
export async function startScriptedApiServer(script: {
  readonly lists: readonly Answer[];
  readonly watches: readonly Answer[];
}): Promise<ScriptedApiServer> {
  const requests: string[] = [];
  const next = { list: 0, watch: 0 };
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const query = new URL(request.url ?? '/', 'http://server').searchParams;
    const isWatch = query.get('watch') === 'true';
    requests.push(
      isWatch
        ? `watch ${query.get('resourceVersion')}`
        : query.has('continue')
          ? `list from ${query.get('continue')}`
          : 'list',
    );
    const answers = isWatch ? script.watches : script.lists;
    const index = isWatch ? next.watch++ : next.list++;
    answers[Math.min(index, answers.length - 1)]?.(response, query);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const connection = await KubeConnection.to(
    { cluster: { server: `http://127.0.0.1:${port}` }, user: {} },
    'jtel-test',
  );
  return {
    connection,
    requests,
    close: async () => {
      await connection.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A list of objects at a version, with `more` as the token of the next page. */
export function listOf(resourceVersion: string, items: readonly unknown[], more?: string): Answer {
  return (response) => response.end(JSON.stringify({ metadata: { resourceVersion, continue: more }, items }));
}

/** A refusal as the API server writes it. */
export function refusal(code: number, reason: string): Answer {
  return (response) => {
    response.statusCode = code;
    response.end(JSON.stringify({ kind: 'Status', code, reason, message: reason }));
  };
}

/** A watch that sends these lines, then stays open or ends. */
export function watchOf(
  lines: readonly (object | string)[],
  end: 'stays' | 'ends' | 'breaks' = 'stays',
): Answer {
  return (response) => {
    const text = lines
      .map((line) => (typeof line === 'string' ? line : `${JSON.stringify(line)}\n`))
      .join('');
    response.flushHeaders();
    if (end === 'breaks') response.write(text, () => response.destroy());
    else if (end === 'ends') response.end(text);
    else response.write(text);
  };
}
