import { once } from 'node:events';
import { request as send, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ApiError } from '../../runtime/client/api-error.ts';
import type { StackDetail } from '../protocol.ts';
import { PageServer, type PageServerOptions } from './page-server.ts';
import { GateBusy } from './viewer.ts';
import { aFleet, aGate, aViewer, stackOf } from './testing.ts';

const policy = "default-src 'none'; frame-ancestors 'none'";

async function serve(changes: Partial<PageServerOptions> = {}): Promise<PageServer> {
  const { fleet } = aFleet([stackOf('acme', 'main', { phase: 'Ready' })]);
  const file = (content: string, isImmutable: boolean) => ({
    content: Buffer.from(content),
    contentType: 'text/plain',
    isImmutable,
  });
  const server = await PageServer.listen({
    port: 0,
    address: '127.0.0.1',
    names: [],
    files: new Map([
      ['index.html', file('the page', false)],
      ['page-1.js', file('its script', true)],
    ]),
    contentSecurityPolicy: policy,
    gate: aGate(),
    cookie: { name: (port) => `who-${port}`, isSecure: false },
    fleet,
    program: { version: '1.2.3', servedBy: 'Plugin' },
    detail: async (_, { name }) => (name === 'main' ? ({ facts: [] } as unknown as StackDetail) : undefined),
    plan: async () => undefined,
    failed: () => undefined,
    ...changes,
  });
  onTestFinished(async () => {
    await server.close();
    fleet.close();
  });
  return server;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** As a browser does after signing in, unless the headers say otherwise. */
async function ask(
  { port }: PageServer,
  path: string,
  {
    method = 'GET',
    headers = {},
    body = '',
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const all = {
    cookie: `who-${port}=me`,
    ...(body === '' ? {} : { 'content-length': String(body.length) }),
    ...headers,
  };
  return await new Promise((resolve, reject) => {
    const request = send({ host: '127.0.0.1', port, path, method, headers: all }, (response) => {
      text(response).then(
        (answer) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: answer }),
        reject,
      );
    });
    request.once('error', reject);
    request.end(body);
  });
}

async function openStream({ port }: PageServer): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    const headers = { cookie: `who-${port}=me` };
    const request = send({ host: '127.0.0.1', port, path: '/api/stream', headers }, resolve);
    request.once('error', reject);
    request.end();
  });
}

describe('the server of the page', () => {
  it('answers everything with headers that let no other page in', async () => {
    const server = await serve();
    for (const path of [
      '/',
      '/page-1.js',
      '/nothing',
      '/api/session',
      '/api/nothing',
      '/api/stacks/acme/main/detail',
    ])
      expect((await ask(server, path)).headers).toMatchObject({
        'content-security-policy': policy,
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
      });
  });

  it('lets nobody keep anything but files of changing names', async () => {
    const server = await serve();
    expect((await ask(server, '/')).headers['cache-control']).toBe('no-store');
    expect((await ask(server, '/api/session')).headers['cache-control']).toBe('no-store');
    expect((await ask(server, '/page-1.js')).headers['cache-control']).toContain('immutable');
  });

  it('serves the page under any prefix to anybody, and nothing else', async () => {
    const server = await serve();
    const stranger = { headers: { cookie: '' } };
    expect((await ask(server, '/jtel/', stranger)).body).toBe('the page');
    expect((await ask(server, '/jtel/page-1.js', stranger)).body).toBe('its script');
    for (const path of [
      '/api/session',
      '/api/stream',
      '/api/stacks/acme/main/detail',
      '/api/stacks/acme/main/plan',
    ]) {
      const { status, body } = await ask(server, path, stranger);
      expect(status).toBe(401);
      expect(JSON.parse(body)).toMatchObject({ signIn: { how: 'Token' } });
    }
    for (const path of ['/../../etc/passwd', '/..%2f..%2fetc/passwd', '/jtel', '/package.json'])
      expect((await ask(server, path)).status).toBe(404);
  });

  it('does not answer to a name that is not its own', async () => {
    const server = await serve();
    for (const path of ['/', '/api/session', '/api/stream'])
      expect((await ask(server, path, { headers: { host: `evil.example:${server.port}` } })).status).toBe(
        403,
      );
  });

  it('refuses what other pages send', async () => {
    const server = await serve();
    const signIn = { method: 'POST', body: '{"token":"right"}' };
    const json = { 'content-type': 'application/json' };
    const origin = `http://127.0.0.1:${server.port}`;
    expect((await ask(server, '/api/session', { ...signIn, headers: json })).status).toBe(403);
    expect(
      (await ask(server, '/api/session', { ...signIn, headers: { ...json, origin: 'http://127.0.0.1:1' } }))
        .status,
    ).toBe(403);
    expect((await ask(server, '/api/session', { ...signIn, headers: { origin } })).status).toBe(415);
    expect((await ask(server, '/api/session', { headers: { 'sec-fetch-site': 'same-site' } })).status).toBe(
      403,
    );
    expect((await ask(server, '/api/session', { ...signIn, headers: { ...json, origin } })).status).toBe(204);
  });

  it('exchanges a token for a cookie that no script reads and no other site sends', async () => {
    const server = await serve();
    const headers = {
      'content-type': 'application/json',
      origin: `http://127.0.0.1:${server.port}`,
      cookie: '',
    };
    const post = (body: string, path = '/api/session') =>
      ask(server, path, { method: 'POST', headers, body });
    const right = await post('{"token":"right"}', '/jtel/api/session');
    expect(right.headers['set-cookie']).toEqual([
      `who-${server.port}=me; Path=/jtel/api; HttpOnly; SameSite=Strict`,
    ]);
    const wrong = await post('{"token":"wrong"}');
    expect(wrong.status).toBe(401);
    expect(wrong.headers['set-cookie']).toBeUndefined();
    for (const body of ['', '{', '[]', 'null', '{"token":1}', '{"token":""}'])
      expect((await post(body)).status).toBeGreaterThanOrEqual(400);
    expect((await post(JSON.stringify({ token: 'x'.repeat(20_000) }))).status).toBe(413);
    const out = await ask(server, '/api/session', { method: 'DELETE', headers });
    expect(out.headers['set-cookie']).toEqual([
      `who-${server.port}=; Path=/api; HttpOnly; SameSite=Strict; Max-Age=0`,
    ]);
  });

  it('refuses a body without a length, which could be endless', async () => {
    const server = await serve();
    const socket = connect(server.port, '127.0.0.1');
    const host = `127.0.0.1:${server.port}`;
    socket.write(
      `POST /api/session HTTP/1.1\r\nHost: ${host}\r\nOrigin: http://${host}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`,
    );
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('says who looks, and changes nothing', async () => {
    const server = await serve();
    const about = JSON.parse((await ask(server, '/api/session')).body) as object;
    expect(about).toMatchObject({
      version: '1.2.3',
      page: 'page-1.js',
      servedBy: 'Plugin',
      canSignOut: true,
      contexts: [{ name: 'here' }],
    });
    const headers = { origin: `http://127.0.0.1:${server.port}` };
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
      expect((await ask(server, '/api/stacks/acme/main/detail', { method, headers })).status).toBe(405);
  });

  it('names no namespaces that the visitor does not see', async () => {
    const { fleet } = aFleet([stackOf('rival', 'main')], ['acme', 'rival']);
    const server = await serve({ fleet, gate: aGate(aViewer(['acme'])) });
    const session = await ask(server, '/api/session');
    const stream = await openStream(server);
    await once(stream, 'readable');
    const [streamed] = await Promise.all([text(stream), server.close()]);
    for (const told of [session.body, streamed]) {
      expect(told).toContain('"namespaces":["acme"]');
      expect(told).not.toContain('rival');
    }
    fleet.close();
  });

  it('has the detail of a stack, and says when there is none', async () => {
    const server = await serve();
    expect(JSON.parse((await ask(server, '/api/stacks/acme/main/detail')).body)).toEqual({ facts: [] });
    expect((await ask(server, '/api/stacks/acme/none/detail')).status).toBe(404);
    expect((await ask(server, '/api/stacks/acme/main/plan')).status).toBe(404);
  });

  it('lets nobody have all the pages', async () => {
    const server = await serve({ gate: aGate(aViewer(undefined, { user: 'eve' })) });
    const open = await Promise.all(Array.from({ length: 20 }, () => openStream(server)));
    expect(open.map(({ statusCode }) => statusCode)).toEqual(open.map(() => 200));
    const refused = await ask(server, '/api/stream');
    expect([refused.status, refused.body]).toEqual([429, expect.stringContaining('20 pages')]);
    for (const stream of open) stream.destroy();
    await vi.waitFor(async () => {
      const again = await openStream(server);
      again.destroy();
      expect(again.statusCode).toBe(200);
    });
  });

  it('says that it cannot ask about everybody at once', async () => {
    const failures: unknown[] = [];
    const busy = async () => {
      throw new GateBusy('Try again in a moment.');
    };
    const server = await serve({
      gate: { ...aGate(), admit: busy },
      failed: (error) => void failures.push(error),
    });
    const { status, headers, body } = await ask(server, '/api/session');
    expect([status, headers['retry-after'], body]).toEqual([
      429,
      '1',
      '{"message":"Try again in a moment."}',
    ]);
    expect(failures).toEqual([]);
  });

  it('tells the server, not the visitor, why it failed', async () => {
    const failures: unknown[] = [];
    const failing = (error: Error) => ({
      failed: (failure: unknown) => void failures.push(failure),
      detail: async () => {
        throw error;
      },
    });
    const bug = await ask(await serve(failing(new Error('secret'))), '/api/stacks/acme/main/detail');
    expect([bug.status, bug.body]).toEqual([500, expect.not.stringContaining('secret')]);
    const api = await ask(
      await serve(failing(new ApiError(0, 'Timeout', 'secret'))),
      '/api/stacks/acme/main/detail',
    );
    expect([api.status, api.body]).toEqual([502, expect.not.stringContaining('secret')]);
    expect(failures).toHaveLength(2);
  });

  it('tells open pages that it stops', async () => {
    const server = await serve({ farewell: 'That was it.' });
    const answer = await openStream(server);
    expect(answer).toMatchObject({ statusCode: 200, headers: { 'content-type': 'text/event-stream' } });
    await once(answer, 'readable');
    const [body] = await Promise.all([text(answer), server.close()]);
    expect(body).toContain('event: snapshot');
    expect(body).toContain('event: ended\ndata: {"reason":"Stopped","message":"That was it."}');
  });
});
