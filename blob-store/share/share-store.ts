/**
 * A share on a customer's premises behind the {@link BlobStore} port. The operator cannot reach it: it asks, and
 * a job on a host answers. A share has no signatures, so jobs get the access itself, and no policies, so only
 * the attempt to change a file shows whether it is kept.
 */
import { createHash } from 'node:crypto';
import { read } from '../../backup-format/schema.ts';
import type { CreateGrant } from '../../jobs/grant.ts';
import {
  longestShareContent,
  mostShareEntries,
  shareAnswer,
  type ShareAccess,
  type ShareAnswer,
  type ShareQuestion,
} from '../../jobs/share.ts';
import {
  BlobError,
  type BlobProperties,
  type BlobStore,
  type ContainerPolicy,
  type ExpectedContent,
  type ImmutabilityProof,
  type StreamedContent,
} from '../blob-store.ts';
import { checkBlobName, checkListPrefix } from '../names.ts';

/** Asks through a host. Bounded in time. @throws {BlobError} when no host answers, or the signal's reason */
export type AskShare = (question: ShareQuestion, signal: AbortSignal) => Promise<unknown>;

export interface ShareStoreOptions {
  /** For messages: `smb://server/share/folder`, never with a password. */
  readonly description: string;
  readonly access: ShareAccess;
  readonly ask: AskShare;
  /** Files in one answer; default {@link mostShareEntries}. */
  readonly pageSize?: number;
}

export function shareBlobStore(options: ShareStoreOptions): BlobStore {
  return new ShareBlobStore(options);
}

type Answer<T extends ShareAnswer['type']> = Extract<ShareAnswer, { type: T }>;

class ShareBlobStore implements BlobStore {
  readonly description: string;
  readonly identity: string;
  readonly #options: ShareStoreOptions;

  constructor(options: ShareStoreOptions) {
    this.#options = options;
    this.description = options.description;
    this.identity = createHash('sha256')
      .update(JSON.stringify([options.description, options.access]))
      .digest('hex');
  }

  async create(
    name: string,
    content: Buffer | StreamedContent,
    _contentType: string,
    signal: AbortSignal,
  ): Promise<void> {
    checkBlobName(name);
    signal.throwIfAborted();
    const bytes = Buffer.isBuffer(content) ? content : await this.#collected(name, content);
    if (bytes.length > longestShareContent)
      throw new RangeError(`${name} has ${bytes.length} bytes; through a host go ${longestShareContent}`);
    await this.#ask('create', 'Created', { type: 'Create', name, content: bytes.toString('base64') }, signal);
  }

  async #collected(name: string, { bytes, md5, open }: StreamedContent): Promise<Buffer> {
    if (bytes > longestShareContent)
      throw new RangeError(`${name} has ${bytes} bytes; through a host go ${longestShareContent}`);
    const pieces: Buffer[] = [];
    for await (const piece of open()) pieces.push(Buffer.from(piece as Uint8Array));
    const content = Buffer.concat(pieces);
    if (content.length === bytes && createHash('md5').update(content).digest('hex') === md5) return content;
    throw new BlobError(
      'DigestMismatch',
      `cannot create ${name} in ${this.description}: it was damaged on the way: try again`,
    );
  }

  async read(name: string, maximumBytes: number, signal: AbortSignal): Promise<Buffer> {
    checkBlobName(name);
    const pieces: Buffer[] = [];
    let done = 0;
    for (let total = Number.POSITIVE_INFINITY; done < total;) {
      const piece = await this.#piece(name, done, longestShareContent, signal);
      total = piece.bytes;
      if (total > maximumBytes)
        throw new BlobError(
          'DigestMismatch',
          `${name} in ${this.description} has ${total} bytes, more than the ${maximumBytes} allowed: it was not read`,
        );
      if (piece.content.length === 0 && done < total) throw this.#cutShort(name);
      pieces.push(piece.content);
      done += piece.content.length;
    }
    return Buffer.concat(pieces);
  }

  async readRange(name: string, offset: number, bytes: number, signal: AbortSignal): Promise<Buffer> {
    checkBlobName(name);
    const pieces: Buffer[] = [];
    for (let done = 0; done < bytes;) {
      const most = Math.min(bytes - done, longestShareContent);
      const { content, bytes: total } = await this.#piece(name, offset + done, most, signal);
      if (content.length === 0) {
        if (done === 0 || offset + done < total) throw this.#cutShort(name);
        break;
      }
      pieces.push(content);
      done += content.length;
    }
    return Buffer.concat(pieces);
  }

  async properties(name: string, signal: AbortSignal): Promise<BlobProperties | undefined> {
    checkBlobName(name);
    const { file } = await this.#ask('look at', 'Found', { type: 'Look', name }, signal);
    return file === undefined ? undefined : { name, ...file };
  }

  /** Without MD5s: a share knows none. */
  async *list(prefix: string, signal: AbortSignal): AsyncIterable<BlobProperties> {
    checkListPrefix(prefix);
    const most = this.#options.pageSize ?? mostShareEntries;
    let after = '';
    for (let isWhole = false; !isWhole;) {
      const page = await this.#ask('list', 'Listed', { type: 'List', prefix, after, most }, signal);
      yield* page.files;
      after = page.files.at(-1)?.name ?? after;
      isWhole = page.isWhole || page.files.length === 0;
    }
  }

  /** Not signed: it says only where the blob is. Jobs that read it have the share's access in their input. */
  async readUrl(name: string, _lifetimeSeconds: number): Promise<string> {
    return `share://store/${checkBlobName(name)}`;
  }

  async createGrant(_lifetimeSeconds: number): Promise<CreateGrant> {
    return { kind: 'Share', access: this.#options.access };
  }

  async proveImmutable(name: string, signal: AbortSignal): Promise<ImmutabilityProof> {
    checkBlobName(name);
    const tried = await this.#ask('prove immutable', 'Tried', { type: 'Destroy', name }, signal);
    return { overwrite: tried.rename, delete: tried.remove, detail: detailOf(tried) };
  }

  /** A share says nothing of itself. */
  async policy(signal: AbortSignal): Promise<ContainerPolicy | undefined> {
    signal.throwIfAborted();
    return undefined;
  }

  async copyFrom(
    name: string,
    sourceUrl: string,
    { bytes, md5 }: ExpectedContent,
    signal: AbortSignal,
  ): Promise<void> {
    checkBlobName(name);
    await this.#ask('copy to', 'Created', { type: 'Copy', name, url: sourceUrl, bytes, md5 }, signal);
  }

  async #piece(
    name: string,
    offset: number,
    most: number,
    signal: AbortSignal,
  ): Promise<{ readonly content: Buffer; readonly bytes: number }> {
    const answer = await this.#ask('read', 'Content', { type: 'Read', name, offset, most }, signal);
    return { content: Buffer.from(answer.content, 'base64'), bytes: answer.bytes };
  }

  async #ask<T extends ShareAnswer['type']>(
    verb: string,
    type: T,
    question: ShareQuestion,
    signal: AbortSignal,
  ): Promise<Answer<T>> {
    signal.throwIfAborted();
    const answer = read(shareAnswer, await this.#options.ask(question, signal), 'answer of the share');
    if (answer.type === type) return answer as Answer<T>;
    const what = 'name' in question ? question.name : `${question.prefix}*`;
    if (answer.type === 'Failed')
      throw new BlobError(answer.reason, `cannot ${verb} ${what} in ${this.description}: ${answer.message}`);
    throw new TypeError(`the share answered ${answer.type} to ${question.type}`);
  }

  #cutShort(name: string): BlobError {
    return new BlobError(
      'DigestMismatch',
      `cannot read ${name} in ${this.description}: it is shorter than it should be`,
    );
  }
}

function detailOf({ rename, remove, ageSeconds }: Answer<'Tried'>): string {
  const said = (doing: string, outcome: 'Refused' | 'Allowed' | 'NotTried'): string =>
    `${doing} it was ${outcome === 'Refused' ? 'refused' : 'allowed'}`;
  const age = `it was ${ageSeconds} s old`;
  if (rename === 'Allowed') return `${said('renaming', rename)} (${age}), and it has its name again`;
  const again = remove === 'Allowed' ? ' and it was written again' : '';
  return `${said('renaming', rename)}; ${said('deleting', remove)} (${age})${again}`;
}
