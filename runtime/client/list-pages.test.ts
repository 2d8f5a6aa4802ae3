import { afterEach, expect, it } from 'vitest';
import {
  startScriptedApiServer,
  type Answer,
  type ScriptedApiServer,
} from '../../test/support/scripted-api-server.ts';
import { widgets } from '../../test/support/widgets.ts';
import { watchOnce } from '../cache/watch-once.ts';
import { listPages } from './list-pages.ts';

const signal = AbortSignal.timeout(60_000);
const mebibyte = 1024 * 1024;
let server: ScriptedApiServer | undefined;

afterEach(async () => server?.close());

/** A server with so many objects of so many bytes, and the limits that it was asked with. */
async function objects(count: number, bytes: number): Promise<readonly number[]> {
  const limits: number[] = [];
  const content = 'x'.repeat(bytes);
  const list: Answer = (response, query) => {
    const [from, limit] = [Number(query.get('continue') ?? 0), Number(query.get('limit'))];
    limits.push(limit);
    const end = Math.min(count, from + limit);
    const items = Array.from({ length: end - from }, (_, at) => ({
      metadata: { name: `w${from + at}` },
      content,
    }));
    const more = end < count ? { continue: String(end) } : {};
    response.end(JSON.stringify({ metadata: { resourceVersion: '7', ...more }, items }));
  };
  server = await startScriptedApiServer({ lists: [list], watches: [] });
  return limits;
}

const names = async (): Promise<readonly (string | undefined)[]> => {
  if (server === undefined) throw new Error('no server');
  const { items } = await listPages(server.connection, widgets, {}, { signal });
  return items.map(({ metadata }) => metadata?.name);
};

it('a page of large objects is asked for again in smaller pages, and none is lost', async () => {
  const limits = await objects(40, mebibyte);
  expect(await names()).toEqual(Array.from({ length: 40 }, (_, at) => `w${at}`));
  expect(limits).toEqual([500, 63, 8, 8, 8, 8, 8]);
});

it('an object that is too large by itself is told', async () => {
  await objects(1, 17 * mebibyte);
  await expect(names()).rejects.toMatchObject({
    name: 'ApiError',
    reason: 'AnswerTooLarge',
    message: expect.stringContaining('list widgets'),
  });
});

it('an event that is too large by itself ends its watch, which is told', async () => {
  server = await startScriptedApiServer({
    lists: [],
    watches: [
      (response) => {
        response.write('{"type":"ADDED","object":{"content":"');
        response.end('x'.repeat(17 * mebibyte));
      },
    ],
  });
  const handlers = { changed: () => undefined, deleted: () => undefined, reached: () => undefined };
  const request = { namespace: 'a', resourceVersion: '7', lastsSeconds: 30, graceSeconds: 5 };
  expect(await watchOnce(server.connection, widgets, request, handlers, signal)).toMatchObject({
    reason: 'Failed',
    error: expect.objectContaining({ message: expect.stringContaining('an event has more than') }),
  });
});
