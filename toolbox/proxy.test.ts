import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fork } from 'node:child_process';
import { expect, it, onTestFinished } from 'vitest';
import { takeProxy } from './proxy.ts';

/**
 * A proxy that notes each request. It acts as the store itself, for plain requests and for tunnels to port
 * 80.
 */
async function aProxy(): Promise<{ readonly port: number; readonly asked: string[] }> {
  const asked: string[] = [];
  const note = (method: string | undefined, target: string | undefined, authorization: string | undefined) =>
    asked.push(`${method} ${target} ${authorization}`);
  const server = createServer((request, response) => {
    note(request.method, request.url, request.headers['proxy-authorization']);
    response.statusCode = 201;
    response.end('from the proxy');
  });
  server.on('connect', (request, socket) => {
    note(request.method, request.url, request.headers['proxy-authorization']);
    if (request.url?.endsWith(':443')) return socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    const store = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.pipe(store).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, asked };
}

async function proxyFile(content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'proxy-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'proxy.json'), content);
  return join(folder, 'proxy.json');
}

it('uploads and downloads go through the proxy with its password, https by CONNECT, and the file is gone', async () => {
  const { port, asked } = await aProxy();
  const path = await proxyFile(
    JSON.stringify({
      HTTP_PROXY: `http://jtel:p%27w@127.0.0.1:${port}`,
      HTTPS_PROXY: `http://127.0.0.1:${port}`,
      NO_PROXY: '.direct.example',
    }),
  );
  // The proxy is set for the whole process, so the test needs a process of its own.
  const child = fork(new URL('../test/support/proxied-job.ts', import.meta.url), [path], {
    env: { ...process.env, http_proxy: '', https_proxy: '', no_proxy: '' },
  });
  const [said] = (await once(child, 'message')) as [object];
  expect(said).toEqual({ download: 201, upload: 'Created', tunnel: 'refused' });
  const basic = `Basic ${Buffer.from("jtel:p'w").toString('base64')}`;
  expect(asked).toEqual([
    // fetch opens a tunnel for http too.
    `CONNECT store.example:80 ${basic}`,
    'GET /c/a undefined',
    `PUT http://store.example/c/a?sig=x ${basic}`,
    'CONNECT store.example:443 undefined',
  ]);
  await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
});

it('without the file nothing changes; one that cannot be used is refused without showing it', async () => {
  await expect(takeProxy('/nowhere/proxy.json')).resolves.toBeUndefined();
  const failure: unknown = await takeProxy(
    await proxyFile('{"HTTP_PROXY":"http://jtel:hunter2@:bad port"}'),
  ).catch((error: unknown) => error);
  expect(failure).toMatchObject({ reason: 'SpecInvalid' });
  expect(JSON.stringify([failure, String(failure)])).not.toContain('hunter2');
});
