import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KubeConnection } from './connection.ts';

describe('a connection', () => {
  let server: Server;
  let directory: string;
  let tokens: (string | undefined)[];

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'connection-'));
    tokens = [];
    server = createServer((request, response) => {
      tokens.push(request.headers.authorization);
      response.end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    rmSync(directory, { recursive: true });
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });

  const address = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function get(connection: KubeConnection): Promise<string> {
    const signal = AbortSignal.timeout(5_000);
    return text(
      await connection.send({ method: 'GET', url: new URL(address()), headers: {}, pool: 'calls', signal }),
    );
  }

  it('uses a token that was renewed in its file, a minute later at most', async () => {
    const token = join(directory, 'token');
    writeFileSync(token, 'first');
    const connection = new KubeConnection({
      server: address(),
      serverTrust: 'Verify',
      token: { file: token },
    });
    await get(connection);
    writeFileSync(token, 'second');
    await get(connection);
    const now = performance.now();
    vi.spyOn(performance, 'now').mockReturnValue(now + 61_000);
    await get(connection);
    expect(tokens).toEqual(['Bearer first', 'Bearer first', 'Bearer second']);
    await connection.close();
  });

  it('reads once more when the server closed the kept connection in the same moment', async () => {
    const connection = new KubeConnection({ server: address(), serverTrust: 'Verify' });
    let requests = 0;
    server.prependListener('request', (request) => {
      requests += 1;
      if (requests === 2) request.socket.resetAndDestroy();
    });
    await get(connection);
    expect(await get(connection)).toBe('{}');
    expect(requests).toBe(3);
    await connection.close();
  });

  it('goes through the proxy that the kubeconfig names', async () => {
    const asked: (string | undefined)[] = [];
    const proxy = createServer((request, response) => {
      asked.push(request.url);
      response.end('from the proxy');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const proxyURL = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const connection = new KubeConnection({ server: address(), serverTrust: 'Verify', proxyURL });
    expect(await get(connection)).toBe('from the proxy');
    expect(asked).toEqual([`${address()}/`]);
    await connection.close();
    await new Promise<void>((resolve) => proxy.close(() => resolve()));
  });

  it('never writes twice on its own', async () => {
    const connection = new KubeConnection({ server: address(), serverTrust: 'Verify' });
    let requests = 0;
    server.prependListener('request', (request) => {
      requests += 1;
      if (requests === 2) request.socket.resetAndDestroy();
    });
    await get(connection);
    const signal = AbortSignal.timeout(5_000);
    await expect(
      connection.send({
        method: 'POST',
        url: new URL(address()),
        headers: {},
        body: '{}',
        pool: 'calls',
        signal,
      }),
    ).rejects.toThrow('ECONNRESET');
    expect(requests).toBe(2);
    await connection.close();
  });
});
