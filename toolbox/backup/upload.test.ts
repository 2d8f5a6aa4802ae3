import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Uploader } from './upload.ts';

/** A store that answers as soon as it sees the head of a request, and never reads the body. */
let server: Server;
let connections = 0;
beforeEach(async () => {
  connections = 0;
  server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.pause();
      socket.write(
        'HTTP/1.1 409 Conflict\r\nx-ms-error-code: BlobAlreadyExists\r\ncontent-length: 0\r\n\r\n',
      );
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => server.close());

test('an answer that comes before all was sent does not hold up the uploads after it', async () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const target = {
    kind: 'SignedURL' as const,
    containerUrl: `http://127.0.0.1:${port}/account/backups`,
    query: 'sp=c&sig=x',
    prefix: '',
    expiresTime: '2099-01-01T00:00:00Z',
  };
  const uploader = new Uploader(target, 1, new AbortController().signal);
  const body = Buffer.alloc(16 * 1024 * 1024);
  const md5 = `${'A'.repeat(22)}==`;
  expect([await uploader.put('a', body, md5), await uploader.put('b', body, md5)]).toEqual([
    'Existed',
    'Existed',
  ]);
  expect(connections).toBe(2);
  uploader.close();
});
