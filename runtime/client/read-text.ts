/** Reads an answer of the API server that is no object: a log, metrics. Bounded in bytes and time. */
import { ApiError } from './api-error.ts';
import type { CallOptions } from './cluster.ts';
import type { KubeConnection } from './connection.ts';
import { errorFrom, parse, urlOf, type ApiRequest } from './transport.ts';

export interface BoundedText {
  readonly text: string;
  /** Whether there was more. */
  readonly isCut: boolean;
}

/**
 * @param mostBytes the last so many bytes are kept; reading ends after eight times as many.
 * @throws {ApiError} if the server refuses, or does not answer in time.
 */
export async function readText(
  connection: KubeConnection,
  request: Pick<ApiRequest, 'path' | 'query' | 'purpose'>,
  mostBytes: number,
  { signal, timeoutSeconds = 15 }: CallOptions,
): Promise<BoundedText> {
  const deadline = AbortSignal.timeout(timeoutSeconds * 1000);
  const both = AbortSignal.any([signal, deadline]);
  try {
    const session = await connection.login(signal);
    const url = urlOf(connection, request.path, request.query);
    const { statusCode, headers, body } = await connection.send(session, {
      method: 'GET',
      url,
      headers: { accept: '*/*' },
      signal: both,
    });
    const kept = new Tail(mostBytes);
    for await (const chunk of body) {
      kept.add(chunk as Buffer);
      if (kept.bytesRead > mostBytes * 8) break;
    }
    if (statusCode >= 200 && statusCode < 300) return { text: kept.text(), isCut: kept.isCut };
    const retryAfter = headers['retry-after'];
    throw errorFrom(request, {
      status: statusCode,
      body: parse(kept.text()),
      retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
    });
  } catch (error) {
    if (error instanceof ApiError || signal.aborted) throw error;
    const message = deadline.aborted
      ? `no answer within ${timeoutSeconds} s`
      : error instanceof Error
        ? error.message
        : String(error);
    throw new ApiError(0, deadline.aborted ? 'Timeout' : 'Unreachable', `${request.purpose}: ${message}`, {
      cause: error,
    });
  }
}

class Tail {
  readonly #most: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  bytesRead = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get isCut(): boolean {
    return this.bytesRead > this.#most;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.bytesRead += chunk.length;
    while (this.#bytes - (this.#chunks[0]?.length ?? 0) >= this.#most) {
      this.#bytes -= this.#chunks.shift()?.length ?? 0;
    }
  }

  /** From the first whole line on, if it was cut. */
  text(): string {
    const text = Buffer.concat(this.#chunks).subarray(-this.#most).toString('utf8');
    return this.isCut ? text.slice(text.indexOf('\n') + 1) : text;
  }
}
