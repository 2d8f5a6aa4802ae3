/**
 * Bounds every answer of a store that is not a blob's content, and where requests may go. Azure's clients read such an answer whole,
 * whatever its length, and parse XML on the main thread, where it costs what its elements cost. A store
 * belongs to a customer, so one answer must not take the operator's memory or time from all the others.
 */
import {
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineRequest,
  type HttpClient,
  type PipelineRequest,
  type PipelineResponse,
} from '@azure/core-rest-pipeline';
import { toHttpHeadersLike } from '@azure/core-http-compat';
import type { IHttpClient } from '@azure/storage-blob';
import { lookup } from 'node:dns';
import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import type { LookupFunction } from 'node:net';
import { ByteCollector } from '../../base/byte-collector.ts';
import { optional } from '../../base/optional.ts';
import { endpointRules } from '../endpoint-rules.ts';

/** Entries of one page of a listing. The parser takes some 0.1 s for that many. */
export const pageEntries = 1_000;

/** A page of 1,000 has some 600 kB and 40,000 tags; names may be ten times as long as ours. */
const listing: Bounds = { bytes: 2 * 1024 * 1024, tags: 100_000 };
/** Error bodies, and all answers of the management plane and the login. */
const short: Bounds = { bytes: 256 * 1024, tags: 2_000 };

interface Bounds {
  readonly bytes: number;
  /** `<` in the text. */
  readonly tags: number;
}

/** The message is a whole clause, without anything from the answer. */
export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge';
}

/** For Azure's newer clients. It keeps its connections, so there is one for the whole process. */
export const boundedHttpClient: HttpClient = {
  sendRequest: (request) => boundedAnswer(request),
};

/** For `@azure/storage-blob`, whose pipeline takes only clients of the older kind. */
export const boundedStorageHttpClient: IHttpClient = {
  async sendRequest(request) {
    const { headers, keepAlive, ...same } = request;
    const answer = await boundedAnswer(
      createPipelineRequest({
        ...same,
        headers: createHttpHeaders(headers.toJson({ preserveCase: true })),
        ...optional({ disableKeepAlive: keepAlive === undefined ? undefined : !keepAlive }),
        allowInsecureConnection: true,
      }),
    );
    // The pipeline knows what it asked by this very request.
    return { ...answer, headers: toHttpHeadersLike(answer.headers), request };
  },
};

const client = createDefaultHttpClient();
const connected: LookupFunction = (name, options, callback) =>
  (endpointRules()?.addresses.lookup ?? (lookup as LookupFunction))(name, options, callback);
const agents = {
  'http:': new Agent({ keepAlive: true, lookup: connected }),
  'https:': new SecureAgent({ keepAlive: true, lookup: connected }),
};

/**
 * Sends a request and reads its answer within bounds. The content of a blob, which the caller asked for as a
 * stream, is passed on.
 * @throws {AnswerTooLarge} The rest of the answer is not read. The connection is closed.
 */
async function boundedAnswer(request: PipelineRequest): Promise<PipelineResponse> {
  const { streamResponseStatusCodes: wanted } = request;
  const { protocol, hostname } = new URL(request.url);
  endpointRules()?.addresses.check(hostname.replace(/^\[(.*)\]$/, '$1'));
  // A proxy has an agent of its own, and resolves names itself.
  request.agent ??= agents[protocol === 'http:' ? 'http:' : 'https:'];
  // Of a compressed answer the client would leave the connection open when its reader stops.
  request.headers.set('accept-encoding', 'identity');
  const { readableStreamBody: body, ...answer } = await client.sendRequest({
    ...request,
    streamResponseStatusCodes: new Set([Number.POSITIVE_INFINITY]),
  });
  if (body === undefined) return { ...answer, request };
  if (wanted?.has(answer.status) === true) return { ...answer, request, readableStreamBody: body };
  const isListing = answer.status === 200 && new URL(request.url).searchParams.get('comp') === 'list';
  return { ...answer, request, bodyAsText: await textOf(body, isListing ? listing : short) };
}

/** Leaving the loop by an exception destroys the stream, and so the connection. */
async function textOf(body: NodeJS.ReadableStream, bounds: Bounds): Promise<string> {
  const content = new ByteCollector();
  let tags = 0;
  for await (const part of body) {
    const chunk = Buffer.from(part);
    content.add(chunk);
    for (let at = chunk.indexOf('<'); at >= 0; at = chunk.indexOf('<', at + 1)) tags += 1;
    if (content.length > bounds.bytes || tags > bounds.tags)
      throw new AnswerTooLarge(
        `its answer is longer than the ${bounds.bytes / 1024} KiB or ${bounds.tags} elements that are read`,
      );
  }
  return content.bytes().toString('utf8');
}
