/**
 * The double's second port, for tests and the sandbox: containers' rules, the clock, faults, the list of
 * requests, more accounts. JSON in, JSON out.
 *
 *     PUT    /containers/<account>/<container>   ContainerRule
 *     PUT    /clock                              { offsetSeconds }
 *     POST   /faults                             FaultRule → { id };   GET → FaultReport[];   DELETE;   DELETE /faults/<id>
 *     GET    /requests                           RequestRecord[];      DELETE forgets them
 *     PUT    /accounts/<name>                    { key }
 *     PUT    /networks/<account>                 NetworkRule
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { BlobDouble } from './double.ts';
import type { ContainerRule, FaultRule, NetworkRule } from './types.ts';

export type AddAccount = (name: string, key: string) => Promise<void>;

export async function serveAdmin(
  double: BlobDouble,
  addAccount: AddAccount,
  host: string,
  port: number,
): Promise<Server> {
  const server = createServer((request, response) => {
    void answer(double, addAccount, request).then(
      (result) => respond(response, 200, result ?? {}),
      (error: unknown) =>
        respond(response, 400, { error: error instanceof Error ? error.message : String(error) }),
    );
  });
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}

async function answer(
  double: BlobDouble,
  addAccount: AddAccount,
  request: IncomingMessage,
): Promise<unknown> {
  const [, kind, first, second] = new URL(request.url ?? '/', 'http://admin').pathname
    .split('/')
    .map(decodeURIComponent);
  const body = async <T>(): Promise<T> => JSON.parse(Buffer.concat(await request.toArray()).toString()) as T;
  switch (`${request.method} ${kind}${first === undefined ? '' : '/…'}${second === undefined ? '' : '/…'}`) {
    case 'PUT containers/…/…': {
      const rule = await body<ContainerRule>();
      if (rule.kind === 'Sink') double.sink.clear(first ?? '', second ?? '');
      return double.rules.set(first ?? '', second ?? '', rule);
    }
    case 'PUT clock':
      double.rules.clockOffsetSeconds = (await body<{ offsetSeconds: number }>()).offsetSeconds;
      return undefined;
    case 'POST faults':
      return { id: double.faults.add(await body<FaultRule>()) };
    case 'GET faults':
      return double.faults.report();
    case 'DELETE faults':
      return double.faults.clear();
    case 'DELETE faults/…':
      return double.faults.remove(first ?? '');
    case 'GET requests':
      return double.records;
    case 'DELETE requests':
      return double.forgetRecords();
    case 'PUT accounts/…':
      return await addAccount(first ?? '', (await body<{ key: string }>()).key);
    case 'PUT networks/…':
      return double.rules.setNetwork(first ?? '', await body<NetworkRule>());
    default:
      throw new Error(`${request.method} ${request.url} is nothing that can be asked here`);
  }
}

function respond(response: ServerResponse, status: number, result: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(result));
}
