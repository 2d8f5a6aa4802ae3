/**
 * Reads blobs of a share in the form in which other stores are read: a URL is asked for, and there is an answer
 * with a status. So whoever reads blobs need not know where they lie.
 */
import type { ShareAccess } from '../../jobs/share.ts';
import { ShareError, type ShareFiles } from './files.ts';
import { openShare } from './open.ts';

export interface BlobRequest {
  readonly method?: 'GET' | 'HEAD';
  readonly signal: AbortSignal;
  readonly redirect: 'error';
}

/** As `fetch`, for whole blobs. */
export type FetchBlob = (url: string, request: BlobRequest) => Promise<Response>;

/** Opened with the first blob that is asked for. */
export class ShareReads implements AsyncDisposable {
  readonly #access: ShareAccess;
  readonly #signal: AbortSignal;
  #files: Promise<ShareFiles> | undefined;

  /** @param signal of the whole job */
  constructor(access: ShareAccess, signal: AbortSignal) {
    this.#access = access;
    this.#signal = signal;
  }

  /** Whatever may be over soon is thrown, as `fetch` does when there is no answer. */
  readonly fetch: FetchBlob = async (url, { method = 'GET', signal }) => {
    try {
      return await answer(await this.#opened(), new URL(url).pathname.slice(1), method, signal);
    } catch (error) {
      if (!(error instanceof ShareError) || error.reason === 'StoreUnreachable') throw error;
      return new Response(null, { status: 403, statusText: 'refused by the share' });
    }
  };

  async [Symbol.asyncDispose](): Promise<void> {
    const files = await this.#files?.catch(() => undefined);
    await files?.[Symbol.asyncDispose]();
  }

  async #opened(): Promise<ShareFiles> {
    this.#files ??= openShare(this.#access, this.#signal);
    return await this.#files.catch((error: unknown) => {
      this.#files = undefined;
      throw error;
    });
  }
}

async function answer(
  files: ShareFiles,
  name: string,
  method: 'GET' | 'HEAD',
  signal: AbortSignal,
): Promise<Response> {
  const missing = (): Response => new Response(null, { status: 404, statusText: 'not on the share' });
  if (method === 'HEAD') {
    const found = await files.look(name, signal);
    return found === undefined ? missing() : new Response(null, lengthOf(found.bytes));
  }
  const file = await files.open(name, signal);
  return file === undefined ? missing() : new Response(ReadableStream.from(file.body), lengthOf(file.bytes));
}

function lengthOf(bytes: number): ResponseInit {
  return { headers: { 'content-length': String(bytes) } };
}
