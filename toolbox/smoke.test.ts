import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { smoke } from './smoke.ts';
import { parseSpec } from './spec.ts';

const { signal: never } = new AbortController();
let server: Server;
let port: number;

beforeEach(async () => {
  server = createServer((request, response) => {
    response.writeHead(request.url === '/moved' ? 302 : 200, { location: '/ok' });
    // The body never ends, and nobody waits for it.
    response.write(`${request.method} ${request.url}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe('the smoke job', () => {
  it('tells the status of each answer, follows no redirect, and tells who does not answer', async () => {
    const requests = [
      { name: 'ok', host: 'localhost', port, path: '/ok' },
      { name: 'moved', host: 'localhost', port, path: '/moved' },
      { name: 'gone', host: 'localhost', port: 1, path: '/' },
    ];
    const input = parseSpec(JSON.stringify({ type: 'smoke', queries: [], requests }));
    if (input.type !== 'smoke') throw new Error('another job');
    expect(await smoke(input, never)).toEqual({
      answers: [
        { name: 'ok', answer: '200' },
        { name: 'moved', answer: '302' },
        { name: 'gone', problem: expect.stringContaining('ECONNREFUSED') },
      ],
    });
  });

  it('ends when it is stopped, and tells no answers', async () => {
    const silent = createServer(() => stop.abort(new Error('stopped')));
    const stop = new AbortController();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port: at } = silent.address() as AddressInfo;
    const requests = [{ name: 'x', host: 'localhost', port: at, path: '/' }];
    await expect(smoke({ type: 'smoke', queries: [], requests }, stop.signal)).rejects.toThrow('aborted');
    silent.closeAllConnections();
    silent.close();
  });

  it.each([
    [{ queries: [{ name: 'x', query: 'DROP TABLE t' }], requests: [] }],
    [{ queries: [], requests: [{ name: 'x', host: 'a.example', port: 80, path: '/' }] }],
    [{ queries: [], requests: [{ name: 'x', host: 'web', port: 80, path: 'http://x' }] }],
  ])('refuses %j', (spec) => {
    expect(() => parseSpec(JSON.stringify({ type: 'smoke', ...spec }))).toThrow(/job spec/);
  });
});
