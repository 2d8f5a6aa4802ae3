/**
 * An image registry as far as asking for manifests goes: in this process, with a choice of how to be asked.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface FakeRegistry extends AsyncDisposable {
  readonly endpoint: string;
  /** `host:port` */
  readonly host: string;
  /** `METHOD path authorization` of every request. */
  readonly requests: readonly string[];
  /** @returns its digest. */
  push(repository: string, tag: string, manifest?: string): string;
}

export interface FakeRegistryOptions {
  readonly authentication?: 'none' | 'basic' | 'token';
  /** The token's realm; by default this server itself. */
  readonly realm?: string;
  /** The digest that the registry claims instead of the true one. */
  readonly claimedDigest?: string;
}

export const registryUser = { username: 'builder', password: 'canary-password' };
const basic = `Basic ${Buffer.from(`${registryUser.username}:${registryUser.password}`).toString('base64')}`;

export async function startFakeRegistry({
  authentication = 'none',
  realm,
  claimedDigest,
}: FakeRegistryOptions = {}): Promise<FakeRegistry> {
  const manifests = new Map<string, string>();
  const requests: string[] = [];
  let endpoint = '';
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { authorization } = request.headers;
    const url = new URL(request.url ?? '/', endpoint);
    requests.push(`${request.method} ${url.pathname}${url.search} ${authorization ?? '-'}`);
    if (url.pathname === '/token') {
      if (authorization === basic) response.end(JSON.stringify({ token: 'token-for-you' }));
      else response.writeHead(401).end();
      return;
    }
    const wanted = { none: undefined, basic, token: 'Bearer token-for-you' }[authentication];
    if (wanted !== undefined && authorization !== wanted) {
      const challenge =
        authentication === 'basic'
          ? 'Basic realm="fake"'
          : `Bearer realm="${realm ?? `${endpoint}/token`}",service="fake"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
      return;
    }
    const manifest = manifests.get(url.pathname);
    if (manifest === undefined) response.writeHead(404).end();
    else
      response.writeHead(200, { 'docker-content-digest': claimedDigest ?? digestOf(manifest) }).end(manifest);
  };
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const host = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  endpoint = `http://${host}`;
  return {
    endpoint,
    host,
    requests,
    push: (repository, tag, manifest = `{"image":"${repository}:${tag}"}`) => {
      const digest = digestOf(manifest);
      for (const reference of [tag, digest])
        manifests.set(`/v2/${repository}/manifests/${reference}`, manifest);
      return digest;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function digestOf(manifest: string): string {
  return `sha256:${createHash('sha256').update(manifest).digest('hex')}`;
}
