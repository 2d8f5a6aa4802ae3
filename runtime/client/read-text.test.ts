import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { KubeConnection } from './connection.ts';
import { readText } from './read-text.ts';

let connection: KubeConnection;
let close: () => Promise<void>;
let answer: (response: ServerResponse) => void;
const request = { path: '/log', query: { tailLines: 3 }, purpose: 'read the log' };
const { signal: never } = new AbortController();

beforeEach(async () => {
  const server = createServer((_, response) => answer(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  connection = await KubeConnection.to({ cluster: { server: `http://127.0.0.1:${port}` }, user: {} }, 'test');
  close = async () => {
    await connection.close();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
});
afterEach(() => close());

it('returns a text as it is, also if it looks like JSON', async () => {
  answer = (response) => response.end('{"a":1}\n');
  expect(await readText(connection, request, 100, { signal: never })).toEqual({
    text: '{"a":1}\n',
    isCut: false,
  });
});

it('keeps the last lines of a text that is too long', async () => {
  answer = (response) => response.end('one\ntwo\nthree\nfour\n');
  expect(await readText(connection, request, 14, { signal: never })).toEqual({
    text: 'three\nfour\n',
    isCut: true,
  });
});

it('stops reading what does not end', async () => {
  answer = (response) => {
    const more = (): void => {
      while (response.write('x'.repeat(1000)));
      response.once('drain', more);
    };
    more();
  };
  expect(await readText(connection, request, 5000, { signal: never })).toMatchObject({ isCut: true });
});

it('says why the server refuses', async () => {
  answer = (response) => {
    response.statusCode = 403;
    response.end(JSON.stringify({ kind: 'Status', reason: 'Forbidden', message: 'pods/log is forbidden' }));
  };
  await expect(readText(connection, request, 100, { signal: never })).rejects.toMatchObject({
    status: 403,
    message: 'read the log: HTTP 403 pods/log is forbidden',
  });
});

it('waits no longer than it may', async () => {
  answer = () => undefined;
  await expect(
    readText(connection, request, 100, { signal: never, timeoutSeconds: 0.05 }),
  ).rejects.toMatchObject({
    reason: 'Timeout',
  });
});
