import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  loginCertificates,
  startHttpProxy,
  startLoginServer,
  startSocksProxy,
  type LoginServer,
} from '../../test/support/login-server.ts';
import { KubeConnection, type HttpRequest } from './connection.ts';
import type { Fields } from './kubeconfig.ts';

const signal = AbortSignal.timeout(60_000);
const inBase64 = (content: string): string => Buffer.from(content).toString('base64');

async function send(connection: KubeConnection, request: Partial<HttpRequest> = {}): Promise<string> {
  const url = new URL(connection.server);
  const session = await connection.login(signal);
  return text((await connection.send(session, { method: 'GET', url, headers: {}, signal, ...request })).body);
}

function aMinutePasses(): void {
  const [now, date] = [performance.now(), Date.now()];
  vi.spyOn(performance, 'now').mockReturnValue(now + 61_000);
  vi.setSystemTime(date + 61_000);
}

describe('a connection', () => {
  let server: LoginServer;
  let directory: string;
  let opened: KubeConnection[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'connection-'));
    server = await startLoginServer();
    opened = [];
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    for (const connection of opened) await connection.close();
    await server.close();
    await rm(directory, { recursive: true });
  });

  async function open(cluster: Fields = {}, user: Fields = {}): Promise<KubeConnection> {
    const connection = await KubeConnection.to(
      { cluster: { server: server.url, ...cluster }, user },
      'test/1',
    );
    opened.push(connection);
    return connection;
  }

  function write(name: string, content: string): string {
    const file = join(directory, name);
    writeFileSync(file, content);
    return file;
  }

  it.each([
    ['a token', { token: 'abc' }, { authorization: 'Bearer abc' }],
    ['name and password', { username: 'u', password: 'p' }, { authorization: `Basic ${inBase64('u:p')}` }],
    ['a name without a password', { username: 'u' }, { authorization: `Basic ${inBase64('u:')}` }],
    [
      'a token of somebody who acts for another',
      { token: 'abc', as: 'admin' },
      { authorization: 'Bearer abc', impersonated: 'admin' },
    ],
    ['nothing', {}, { authorization: undefined, impersonated: undefined }],
  ])('logs in with %s, and says which program it is', async (_, user, expected) => {
    await send(await open({}, user));
    expect(server.requests).toEqual([expect.objectContaining({ ...expected, userAgent: 'test/1' })]);
  });

  it('uses a token that was renewed in its file, a minute later at most', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const tokenFile = write('token', 'first\n');
      const connection = await open({}, { tokenFile, token: 'of no account beside a file' });
      await send(connection);
      write('token', 'second\n');
      await send(connection);
      aMinutePasses();
      await send(connection);
    } finally {
      vi.useRealTimers();
    }
    expect(server.requests.map(({ authorization }) => authorization)).toEqual([
      'Bearer first',
      'Bearer first',
      'Bearer second',
    ]);
  });

  it('is that of the service account inside a pod', async () => {
    const { hostname, port } = new URL('http://127.0.0.1:8001');
    vi.stubEnv('KUBERNETES_SERVICE_HOST', hostname);
    vi.stubEnv('KUBERNETES_SERVICE_PORT', port);
    const { mkdir } = await import('node:fs/promises');
    const account = 'var/run/secrets/kubernetes.io/serviceaccount';
    await mkdir(join(directory, account), { recursive: true });
    write(`${account}/token`, 'pod-token\n');
    write(`${account}/ca.crt`, '');
    write(`${account}/namespace`, 'jtel-system\n');
    const connection = await KubeConnection.inPod('test/1', directory);
    opened.push(connection);
    expect(connection).toMatchObject({ server: 'http://127.0.0.1:8001', namespace: 'jtel-system' });
    await send(connection, { url: new URL(server.url) });
    expect(server.requests[0]?.authorization).toBe('Bearer pod-token');
    vi.stubEnv('KUBERNETES_SERVICE_HOST', 'fd00::1');
    vi.stubEnv('KUBERNETES_SERVICE_PORT', '443');
    expect((await KubeConnection.inPod('test/1', directory)).server).toBe('https://[fd00::1]:443');
  });

  it('makes 200 reads, one after the other, over one connection', async () => {
    const connection = await open();
    for (let i = 0; i < 200; i++) await send(connection);
    expect({ requests: server.requests.length, connections: server.connections }).toEqual({
      requests: 200,
      connections: 1,
    });
  });

  it('reads once more when the server closed the kept connection in the same moment', async () => {
    const connection = await open();
    server.answer = (request, _response, count) =>
      count === 2 && request.socket.resetAndDestroy() !== undefined;
    await send(connection);
    expect(await send(connection)).toBe('{}');
    expect(server.requests).toHaveLength(3);
  });

  it('never writes twice on its own', async () => {
    const connection = await open();
    server.answer = (request, _response, count) =>
      count === 2 && request.socket.resetAndDestroy() !== undefined;
    await send(connection);
    await expect(send(connection, { method: 'POST', body: '{}' })).rejects.toThrow(
      expect.objectContaining({ code: expect.stringMatching(/ECONNRESET|UND_ERR_SOCKET/) }),
    );
    expect(server.requests).toHaveLength(2);
  });

  it('goes through the proxy that the kubeconfig names', async () => {
    const proxy = await startHttpProxy();
    const connection = await open({ 'proxy-url': proxy.url });
    expect(await send(connection)).toBe('from the proxy');
    expect(proxy.asked).toEqual([new URL(server.url).host]);
    await connection.close();
    await proxy.close();
  });

  it('stops waiting for a server that accepts connections and says nothing when the caller gives up', async () => {
    const silent = createServer((client) => void client.on('error', () => undefined).resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const connection = await open({ server: `https://127.0.0.1:${port}` });
    const session = await connection.login(signal);
    const url = new URL(connection.server);
    const given = connection.send(session, {
      method: 'GET',
      url,
      headers: {},
      signal: AbortSignal.timeout(100),
    });
    await expect(given).rejects.toThrow('timeout');
    await connection.close();
    await new Promise<void>((resolve) => silent.close(() => resolve()));
  });

  it('stops waiting for a login when the caller gives up', async () => {
    const exec = { command: process.execPath, args: ['-e', 'setTimeout(() => {}, 60_000)'] };
    const connection = await open({}, { exec: { ...exec, interactiveMode: 'Never' } });
    const given = connection.login(AbortSignal.timeout(100));
    await expect(given).rejects.toThrow('timeout');
  });
});

describe('a connection with TLS', () => {
  let server: LoginServer;
  let directory: string;
  let certificates: Awaited<ReturnType<typeof loginCertificates>>;
  let connection: KubeConnection | undefined;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'connection-'));
    certificates = await loginCertificates();
    server = await startLoginServer(certificates);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    await connection?.close();
    await server.close();
    await rm(directory, { recursive: true });
  });

  async function calls(count: number): Promise<void> {
    if (connection === undefined) throw new Error('not open');
    for (let i = 0; i < count; i++) {
      const url = new URL(connection.server);
      const session = await connection.login(signal);
      await text((await connection.send(session, { method: 'GET', url, headers: {}, signal })).body);
    }
  }

  async function inFiles(name: string): Promise<Fields> {
    const { certificate, key } = await certificates.client(name);
    writeFileSync(join(directory, 'client.crt'), certificate);
    writeFileSync(join(directory, 'client.key'), key);
    return {
      'client-certificate': join(directory, 'client.crt'),
      'client-key': join(directory, 'client.key'),
    };
  }

  const open = async (cluster: Fields, user: Fields): Promise<void> => {
    connection = await KubeConnection.to({ cluster: { server: server.url, ...cluster }, user }, 'test/1');
  };
  const authority = (): Fields => ({
    'certificate-authority-data': inBase64(certificates.authority.certificate),
  });

  it('shakes hands once for 200 calls', async () => {
    await open(authority(), { token: 'abc' });
    await calls(200);
    expect(server.connections).toBe(1);
  });

  it('shows a certificate from files, and the next one a minute after it was renewed', async () => {
    await open(authority(), await inFiles('first'));
    await calls(2);
    await inFiles('second');
    await calls(1);
    const now = performance.now();
    vi.spyOn(performance, 'now').mockReturnValue(now + 61_000);
    await calls(2);
    expect(server.requests.map(({ user }) => user)).toEqual(['first', 'first', 'first', 'second', 'second']);
    expect(server.connections).toBe(2);
  });

  it('prefers a certificate in the kubeconfig to one in a file, as kubectl does', async () => {
    const { certificate, key } = await certificates.client('inside');
    const data = { 'client-certificate-data': inBase64(certificate), 'client-key-data': inBase64(key) };
    await open(authority(), { ...(await inFiles('outside')), ...data });
    await calls(1);
    expect(server.requests[0]?.user).toBe('inside');
  });

  it('takes the server for another name where the kubeconfig says so, also without a user', async () => {
    await open({ ...authority(), 'tls-server-name': 'api.example' }, {});
    await calls(1);
    await connection?.close();
    await open({ ...authority(), 'tls-server-name': 'somebody.else' }, {});
    await expect(calls(1)).rejects.toThrow('somebody.else');
  });

  it('does not trust an authority that nobody named, whatever the environment says', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    await open({}, {});
    await expect(calls(1)).rejects.toThrow(/certificate/);
    await connection?.close();
    await open({ 'insecure-skip-tls-verify': true }, {});
    await calls(1);
  });

  it.each([
    ['http', startHttpProxy],
    ['SOCKS', startSocksProxy],
  ])('goes through a proxy (%s) with the same checks', async (_, start) => {
    const proxy = await start();
    await open({ 'proxy-url': proxy.url }, {});
    await expect(calls(1)).rejects.toThrow(/certificate/);
    await connection?.close();
    await open({ ...authority(), 'proxy-url': proxy.url }, await inFiles('through'));
    await calls(2);
    expect(server.requests.map(({ user }) => user)).toEqual(['through', 'through']);
    const { host } = new URL(server.url);
    expect(proxy.asked).toEqual([host, host]);
    await connection?.close();
    await proxy.close();
  });

  it('says which certificate file it cannot read', async () => {
    await open(authority(), { 'client-certificate': join(directory, 'absent'), 'client-key': '/absent' });
    await expect(calls(1)).rejects.toThrow('absent');
  });
});
