import { atOnce } from '../test/support/pauses.ts';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkSpace, describeDataSet, download } from './download.ts';
import type { VanillaSet } from '../jobs/load.ts';

const content = Buffer.from('0123456789'.repeat(1000));
let server: Server;
let directory: string;
let answers: ((request: IncomingMessage, response: ServerResponse) => void)[];
let ranges: (string | undefined)[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'download-'));
  answers = [];
  ranges = [];
  server = createServer((request, response) => {
    ranges.push(request.headers.range);
    const answer = answers.shift() ?? whole;
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true, force: true });
});

const whole = (_request: IncomingMessage, response: ServerResponse): void => void response.end(content);
const status =
  (code: number) =>
  (_request: IncomingMessage, response: ServerResponse): void =>
    void response.writeHead(code).end();
const breakAfter =
  (bytes: number) =>
  (_request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, bytes), () => response.destroy());
  };
const rest = (request: IncomingMessage, response: ServerResponse): void => {
  const start = Number(/\d+/.exec(request.headers.range ?? '')?.[0]);
  response.writeHead(206).end(content.subarray(start));
};

function set(fields: Partial<VanillaSet> = {}): VanillaSet {
  const { port } = server.address() as AddressInfo;
  const sha256 = createHash('sha256').update(content).digest('hex');
  return {
    kind: 'Database',
    url: `http://127.0.0.1:${port}/dump.zst?sig=canary`,
    bytes: content.length,
    sha256,
    ...fields,
  };
}

async function fetchIt(dataSet: VanillaSet = set()): Promise<Buffer> {
  const path = join(directory, 'data-set');
  await download(dataSet, path, () => {}, new AbortController().signal, atOnce);
  return await readFile(path);
}

test('writes what the store gave', async () => {
  expect(await fetchIt()).toEqual(content);
});

test('goes on where the connection broke', async () => {
  answers = [breakAfter(4000), rest];
  expect(await fetchIt()).toEqual(content);
  expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=\d+-$/)]);
});

test('starts again with a server that knows no ranges', async () => {
  answers = [breakAfter(4000), whole];
  expect(await fetchIt()).toEqual(content);
});

test('asks again after an overloaded store', async () => {
  answers = [status(503), status(429)];
  expect(await fetchIt()).toEqual(content);
});

test('gives up after six tries that brought nothing', async () => {
  answers = Array.from({ length: 10 }, () => status(500));
  await expect(fetchIt()).rejects.toMatchObject({
    reason: 'DownloadFailed',
    message: expect.stringContaining('failed 6 times'),
  });
  expect(ranges).toHaveLength(6);
});

test('does not ask again when refused, and tells no signature', async () => {
  answers = [status(403)];
  const error: unknown = await fetchIt().catch((reason: unknown) => reason);
  expect(error).toMatchObject({ reason: 'DownloadFailed' });
  expect(String(error)).toContain('403');
  expect(String(error)).not.toContain('canary');
  expect(ranges).toHaveLength(1);
});

test.each([
  ['other content', { sha256: 'a'.repeat(64) }, 'sha256'],
  ['more than there should be', { bytes: content.length - 1 }, 'more than'],
  ['less than there should be', { bytes: content.length + 1 }, 'bytes instead of'],
])('%s is corrupt', async (_what, fields, message) => {
  await expect(fetchIt(set(fields))).rejects.toMatchObject({
    reason: 'DataSetCorrupt',
    message: expect.stringContaining(message),
  });
});

test('a disk that cannot hold it is told before the first byte', async () => {
  await expect(checkSpace(directory, Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({ reason: 'DiskFull' });
  await checkSpace(directory, 1);
});

test('a data set is named without its signature', () => {
  expect(describeDataSet(set({ kind: 'FileTree', name: 'files' }))).toMatch(
    /^file tree files from http:\/\/127\.0\.0\.1:\d+\/dump\.zst$/,
  );
});
