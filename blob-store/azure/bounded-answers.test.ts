/** A store that answers without measure is given up early, whatever it was asked. */
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpHeaders, createPipelineRequest } from '@azure/core-rest-pipeline';
import { AddressRules } from '../../base/address-rules.ts';
import { restrictEndpoints } from '../endpoint-rules.ts';
import { azureBlobStore } from './azure-store.ts';
import { AnswerTooLarge, boundedHttpClient } from './bounded-answers.ts';
import type { BlobStore } from '../blob-store.ts';

const signal = AbortSignal.timeout(60_000);
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function serverThatAnswers(answer: RequestListener): Promise<{ readonly url: string }> {
  const server = createServer(answer);
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/account` };
}

async function storeThatAnswers(answer: RequestListener): Promise<BlobStore> {
  const { url } = await serverThatAnswers(answer);
  return azureBlobStore(
    { endpoint: url, container: 'backups' },
    { kind: 'SAS', token: 'sig=x' },
    { maximumTries: 1 },
  );
}

/** Sends `part` again and again until the reader has gone. @returns the bytes that it took */
async function endlessly(response: ServerResponse, part: string): Promise<number> {
  let bytes = 0;
  const gone = Promise.withResolvers<void>();
  const source = Readable.from(
    (function* () {
      for (;;) {
        bytes += part.length;
        yield part;
      }
    })(),
  );
  pipeline(source, response, () => gone.resolve());
  await gone.promise;
  return bytes;
}

async function listed(store: BlobStore): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of store.list('backups/', signal)) names.push(name);
  return names;
}

const page = (blobs: string, marker: string) =>
  `<?xml version="1.0"?><EnumerationResults ServiceEndpoint="http://host/account/" ContainerName="backups"><Blobs>${blobs}</Blobs><NextMarker>${marker}</NextMarker></EnumerationResults>`;

it('the login and the management plane get no answer compressed, and none without end', async () => {
  let encoding: string | undefined;
  const { url } = await serverThatAnswers((request, response) => {
    encoding = request.headers['accept-encoding'];
    void endlessly(response, '{'.repeat(1024));
  });
  const headers = createHttpHeaders({ 'accept-encoding': 'gzip,deflate' });
  const request = createPipelineRequest({ url, headers, allowInsecureConnection: true });
  await expect(boundedHttpClient.sendRequest(request)).rejects.toThrow(AnswerTooLarge);
  expect(encoding).toBe('identity');
});

describe('a store whose answer has no end', () => {
  const asked: readonly [
    what: string,
    status: number,
    part: string,
    ask: (store: BlobStore) => Promise<unknown>,
  ][] = [
    ['a listing, as text', 200, 'a'.repeat(1024), listed],
    ['a listing, as elements', 200, '<a/>'.repeat(256), listed],
    ['an error', 500, 'a'.repeat(1024), listed],
    ['an error instead of a blob', 409, 'a'.repeat(1024), (store) => store.read('a', 10, signal)],
    [
      'the answer to a write',
      201,
      'a'.repeat(1024),
      (store) => store.create('a', Buffer.of(1), 'b/c', signal),
    ],
  ];

  it.each(asked)('%s', async (_what, status, part, ask) => {
    const taken = Promise.withResolvers<number>();
    const store = await storeThatAnswers((request, response) => {
      request.resume();
      response.writeHead(status, { 'content-type': 'application/xml' });
      taken.resolve(endlessly(response, part));
    });
    await expect(ask(store)).rejects.toMatchObject({
      reason: 'StoreUnreachable',
      message: expect.stringMatching(/its answer is longer than the \d+ KiB or \d+ elements that are read/),
    });
    // What was under way in both machines' buffers comes on top.
    expect(await taken.promise).toBeLessThan(16 * 1024 * 1024);
  });

  it('a listing of empty pages', async () => {
    let pages = 0;
    const store = await storeThatAnswers((_request, response) => {
      pages += 1;
      response.setHeader('content-type', 'application/xml').end(page('', `page-${pages}`));
    });
    await expect(listed(store)).rejects.toThrow('200 pages without a blob came one after the other');
    expect(pages).toBe(201);
  });
});

describe('requests go to the endpoint that the credentials are for, and nowhere else', () => {
  afterEach(() => restrictEndpoints(undefined));

  it('whatever place a store sends its callers to', async () => {
    const seen: string[] = [];
    const { url } = await serverThatAnswers((request, response) => {
      seen.push(request.url ?? '');
      response.end();
    });
    const store = await storeThatAnswers((_request, response) => {
      response.writeHead(302, { location: `${url}/elsewhere` }).end();
    });
    await expect(store.read('a', 10, signal)).rejects.toMatchObject({ reason: 'StoreUnreachable' });
    expect(seen).toEqual([]);
  });

  it.each(['127.0.0.1', 'localhost'])('unless the configuration forbids the address: %s', async (host) => {
    restrictEndpoints({ allowsHTTP: true, addresses: new AddressRules() });
    const { url } = await serverThatAnswers((_request, response) => void response.end());
    const store = azureBlobStore(
      { endpoint: url.replace('127.0.0.1', host), container: 'backups' },
      { kind: 'SAS', token: 'sig=x' },
    );
    await expect(store.read('a', 10, signal)).rejects.toMatchObject({
      reason: 'EndpointRefused',
      message: expect.stringContaining('an address of the machine itself'),
    });
  });

  it('and so do those to the login and the management plane', async () => {
    restrictEndpoints({ allowsHTTP: true, addresses: new AddressRules() });
    const request = createPipelineRequest({
      url: 'http://169.254.169.254/metadata',
      allowInsecureConnection: true,
    });
    await expect(boundedHttpClient.sendRequest(request)).rejects.toThrow('a link-local address');
  });
});

it('what is within bounds is read as ever: pages of a listing, and a blob', async () => {
  const store = await storeThatAnswers((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://host');
    if (searchParams.get('comp') !== 'list') {
      response.setHeader('etag', '0x1').end('content');
      return;
    }
    expect(searchParams.get('maxresults')).toBe('1000');
    const marker = searchParams.get('marker');
    const blob = (name: string) =>
      `<Blob><Name>${name}</Name><Properties><Creation-Time>Mon, 01 Jan 2029 00:00:00 GMT</Creation-Time><Last-Modified>Mon, 01 Jan 2029 00:00:00 GMT</Last-Modified><Etag>0x1</Etag><Content-Length>1</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob>`;
    const names = Array.from({ length: 1000 }, (_, index) => `backups/${'é'.repeat(500)}${index}`);
    response
      .setHeader('content-type', 'application/xml')
      .end(marker === null ? page(names.map(blob).join(''), 'next') : page(blob('backups/last'), ''));
  });
  expect(await listed(store)).toHaveLength(1001);
  expect(String(await store.read('a', 10, signal))).toBe('content');
});
