import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { SecretRegistry } from '../../runtime/index.ts';
import { ClusterClient } from '../../runtime/client/cluster-client.ts';
import { KubeConnection } from '../../runtime/client/connection.ts';
import { waitFor } from '../../test/support/wait.ts';
import { stackOf } from '../../web/server/testing.ts';
import type { Kit } from '../kit.ts';
import { silentSurroundings } from '../surroundings.ts';
import { pipe } from '../view/testing.ts';
import { followCluster } from './followed-cluster.ts';

interface Asked {
  readonly spec?: {
    readonly resourceAttributes?: { readonly resource: string; readonly namespace?: string };
  };
}

/** Lets the caller list what `allowed` names, such as `jtelstacks acme` or `jtelstacks *`, until the log-in ends. */
async function aCluster(allowed: readonly string[]) {
  const state = { loggedIn: true };
  const watches = new Set<ServerResponse>();
  const review = async (request: IncomingMessage, reply: (status: number, body: object) => void) => {
    const { spec } = (await json(request)) as Asked;
    const { resource, namespace = '*' } = spec?.resourceAttributes ?? { resource: '' };
    reply(201, { status: { allowed: allowed.includes(`${resource} ${namespace}`) } });
  };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://cluster');
    const reply = (status: number, body: object): void => {
      response.writeHead(status);
      response.end(JSON.stringify(body));
    };
    if (!state.loggedIn) return reply(401, { code: 401, reason: 'Unauthorized', message: 'Unauthorized' });
    if (request.method === 'POST') return void review(request, reply);
    if (searchParams.get('watch') === 'true') {
      watches.add(response);
      return response.flushHeaders();
    }
    const namespaces = pathname.endsWith('/namespaces') ? ['acme', 'other'] : [];
    const items = namespaces.map((name) => ({ metadata: { name, uid: name } }));
    return reply(200, { metadata: { resourceVersion: '1' }, items });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const connection = await KubeConnection.to(
    { cluster: { server: `http://127.0.0.1:${port}` }, user: {} },
    'jtel-test',
  );
  const stop = new AbortController();
  const kit: Kit = {
    cluster: new ClusterClient({ connection, fieldManager: 'test', secrets: new SecretRegistry() }),
    connection,
    namespace: 'acme',
    call: { signal: stop.signal },
    surroundings: silentSurroundings,
    paint: pipe.paint,
    view: () => pipe,
    print: () => undefined,
  };
  onTestFinished(async () => {
    stop.abort();
    await connection.close();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return { state, kit, watches, signal: stop.signal };
}

test('says that the log-in has expired, and continues after a new one', async () => {
  const { state, kit, watches, signal } = await aCluster(['jtelstacks *']);
  const { source, run } = await followCluster(kit, undefined, 'All', () => undefined);
  void run(signal);
  await waitFor('the first watch', () => watches.size > 0 && source.about().synced);
  state.loggedIn = false;
  for (const watch of watches) watch.end();
  await waitFor('the trouble', () => source.about().trouble?.startsWith('Your log-in has expired.'));
  watches.clear();
  state.loggedIn = true;
  await waitFor('the next watch', () => watches.size > 0);
  const line = JSON.stringify({ type: 'ADDED', object: stackOf('acme', 'main') });
  for (const watch of watches) watch.write(`${line}\n`);
  await waitFor('the stack', () => source.stacks.size === 1);
  expect(source.about()).not.toHaveProperty('trouble');
});

test('looks in the namespaces that the person may read, and says what is missing', async () => {
  const { kit } = await aCluster(['jtelstacks other', 'jtelbackups *', 'jtelstacks more']);
  const { source, limits } = await followCluster(kit, undefined, 'All', () => undefined);
  expect(source.about().namespaces).toEqual(['other']);
  expect(['stacks', 'backups', 'restores'].map((what) => source.reads('other', what as 'stacks'))).toEqual([
    true,
    true,
    false,
  ]);
  expect(source.reads('acme', 'stacks')).toBe(false);
  expect(limits.map(({ what, namespace }) => `${what} ${namespace ?? ''}`)).toEqual([
    'stacks ',
    'stores other',
    'restores other',
  ]);
});

test('does not begin without the right to list stacks', async () => {
  const { kit } = await aCluster(['jtelbackups *']);
  await expect(followCluster(kit, undefined, 'Namespace', () => undefined)).rejects.toThrow(
    'you may not list jtelstacks in namespace acme',
  );
});
