/**
 * Azurite as the double sees it: it passes requests on unchanged, and asks its own questions, signed with the
 * account's key.
 */
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import {
  AnonymousCredential,
  BlobServiceClient,
  BlockBlobClient,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import type { Answer } from './answers.ts';
import type { Accounts } from './azurite-process.ts';

/** An answer on its way to the client. Headers are in the form of `rawHeaders`. */
export interface Reply {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Readable | Buffer;
}

export interface Passed {
  readonly method: string;
  /** Path and query unchanged, because signatures cover them. */
  readonly target: string;
  readonly headers: readonly string[];
  readonly body?: Readable;
  /** Aborted when the client went away. */
  readonly signal: AbortSignal;
}

/** They belong to one connection, not to the request (RFC 9110, section 7.6.1); none of them is signed. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'expect',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
]);

function withoutHopByHop(headers: readonly string[]): string[] {
  return headers.flatMap((name, index) =>
    index % 2 === 0 && !hopByHop.has(name.toLowerCase()) ? [name, headers[index + 1] ?? ''] : [],
  );
}

export function headerOf(headers: readonly string[], wanted: string): string | undefined {
  const index = headers.findIndex((name, at) => at % 2 === 0 && name.toLowerCase() === wanted);
  return index < 0 ? undefined : headers[index + 1];
}

/** Replaces a header of that name. */
export function withHeader(reply: Reply, name: string, value: string): Reply {
  const others = reply.headers.flatMap((each, index) =>
    index % 2 === 0 && each.toLowerCase() !== name ? [each, reply.headers[index + 1] ?? ''] : [],
  );
  return { ...reply, headers: [...others, name, value] };
}

/** Another body instead of the one before. */
export function withBody(reply: Reply, body: Buffer): Reply {
  const headers = reply.headers.flatMap((each, index) =>
    index % 2 === 0 && each.toLowerCase() !== 'transfer-encoding'
      ? [each, reply.headers[index + 1] ?? '']
      : [],
  );
  return withHeader({ ...reply, headers, body }, 'content-length', String(body.length));
}

export function asReply({ status, headers, body }: Answer): Reply {
  return { status, headers: Object.entries(headers).flatMap(([name, value]) => [name, String(value)]), body };
}

export class Store {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  #accounts: Accounts;

  constructor(port: number, accounts: Accounts) {
    this.#port = port;
    this.#accounts = accounts;
  }

  setAccounts(accounts: Accounts): void {
    this.#accounts = accounts;
  }

  async pass({ method, target, headers, body, signal }: Passed): Promise<Reply> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: this.#port,
        method,
        path: target,
        headers: withoutHopByHop(headers),
        agent: this.#agent,
        signal,
      };
      const upstream = httpRequest(options, (answer) => {
        // Azurite may refuse before it has read all; such a connection cannot be used again.
        answer.once('close', () => {
          body?.unpipe(upstream);
          if (!upstream.writableFinished) upstream.destroy();
        });
        resolve(answer);
      });
      upstream.on('error', reject);
      if (body === undefined) upstream.end();
      else {
        body.on('error', (error) => upstream.destroy(error));
        body.pipe(upstream);
      }
    });
    return {
      status: response.statusCode ?? 0,
      headers: withoutHopByHop(response.rawHeaders),
      body: response,
    };
  }

  /** The blob with the account's own key; undefined for an unknown account. */
  blob(account: string, container: string, blob: string): BlockBlobClient | undefined {
    const key = this.#accounts[account];
    if (key === undefined) return undefined;
    const credential = new StorageSharedKeyCredential(account, key);
    const service = new BlobServiceClient(`http://127.0.0.1:${this.#port}/${account}`, credential, {
      retryOptions: { maxTries: 1 },
    });
    return service.getContainerClient(container).getBlockBlobClient(blob);
  }

  /** The blob as the bearer of the SAS in `target` sees it. */
  blobBySAS(target: string): BlockBlobClient {
    return new BlockBlobClient(`http://127.0.0.1:${this.#port}${target}`, new AnonymousCredential(), {
      retryOptions: { maxTries: 1 },
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
