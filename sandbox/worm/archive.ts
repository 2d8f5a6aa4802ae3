/**
 * The archive tier, as far as Azurite lacks it: there a rehydrated blob is readable at once. In Azure it
 * takes up to 15 hours, during which the blob keeps the tier Archive, cannot be read, and shows its
 * rehydration ("Blob rehydration from the archive tier",
 * https://learn.microsoft.com/azure/storage/blobs/archive-rehydrate-overview; "Set Blob Tier",
 * https://learn.microsoft.com/rest/api/storageservices/set-blob-tier). The double's clock says when it is
 * done; only in memory.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { azureError } from './answers.ts';
import type { BlobRequest } from './request.ts';
import type { Rules } from './rules.ts';
import { asReply, withBody, withHeader, type Reply, type Store } from './store.ts';

/** "Standard priority: up to 15 hours". */
const rehydrationSeconds = 15 * 3600;

interface Pending {
  readonly account: string;
  readonly container: string;
  readonly blob: string;
  readonly tier: 'Hot' | 'Cool' | 'Cold';
  /** Milliseconds since 1970. */
  readonly doneTime: number;
}

export class Archive {
  readonly #rules: Rules;
  readonly #store: Store;
  readonly #pending = new Map<string, Pending>();

  constructor(rules: Rules, store: Store) {
    this.#rules = rules;
    this.#store = store;
  }

  async through(
    request: BlobRequest,
    headers: IncomingHttpHeaders,
    pass: () => Promise<Reply>,
  ): Promise<Reply> {
    await this.#finish();
    const pending = this.#pending.get(keyOf(request));
    switch (request.operation) {
      case 'SetBlobTier':
        return pending === undefined
          ? await this.#setTier(request, headers, pass)
          : asReply(azureError('BlobBeingRehydrated'));
      case 'GetBlobProperties':
        return pending === undefined
          ? await pass()
          : withHeader(await pass(), 'x-ms-archive-status', statusOf(pending));
      case 'ListBlobs':
        return await this.#list(request, pass);
      default:
        return await pass();
    }
  }

  async #finish(): Promise<void> {
    for (const [key, { account, container, blob, tier, doneTime }] of this.#pending) {
      if (this.#rules.now < doneTime) continue;
      this.#pending.delete(key);
      await this.#store.blob(account, container, blob)?.setAccessTier(tier);
    }
  }

  /**
   * Azurite checks signature and state, and rehydrates the blob. The double moves it back until the time has
   * come.
   */
  async #setTier(
    request: BlobRequest,
    headers: IncomingHttpHeaders,
    pass: () => Promise<Reply>,
  ): Promise<Reply> {
    const tier = headers['x-ms-access-tier'];
    const { account, container, blob } = request;
    const client = this.#store.blob(account, container, blob);
    const isArchived = (await client?.getProperties().catch(() => undefined))?.accessTier === 'Archive';
    const reply = await pass();
    if (
      client === undefined ||
      !isArchived ||
      reply.status >= 300 ||
      (tier !== 'Hot' && tier !== 'Cool' && tier !== 'Cold')
    )
      return reply;
    await client.setAccessTier('Archive');
    this.#pending.set(keyOf(request), {
      account,
      container,
      blob,
      tier,
      doneTime: this.#rules.now + rehydrationSeconds * 1000,
    });
    return reply;
  }

  async #list({ account, container }: BlobRequest, pass: () => Promise<Reply>): Promise<Reply> {
    const reply = await pass();
    const here = [...this.#pending.values()].filter(
      (each) => each.account === account && each.container === container,
    );
    if (here.length === 0 || reply.status !== 200) return reply;
    let xml = Buffer.isBuffer(reply.body) ? reply.body.toString() : await text(reply.body);
    for (const pending of here) {
      const name = `<Name>${escaped(pending.blob)}</Name>`;
      const [before, ...rest] = xml.split(name);
      if (rest.length !== 1) continue;
      const marked = rest[0]?.replace(
        '<AccessTier>Archive</AccessTier>',
        `<AccessTier>Archive</AccessTier><ArchiveStatus>${statusOf(pending)}</ArchiveStatus>`,
      );
      xml = `${before}${name}${marked}`;
    }
    return withBody(reply, Buffer.from(xml));
  }
}

function keyOf({ account, container, blob }: BlobRequest): string {
  return `${account}/${container}/${blob}`;
}

/** As Azurite writes names into XML. */
function escaped(name: string): string {
  return name.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function statusOf({ tier }: Pending): string {
  return `rehydrate-pending-to-${tier.toLowerCase()}`;
}
