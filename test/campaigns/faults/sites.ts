/**
 * Where a fault can hit the blob store: each of its calls, with the requests it makes, and how to see whether
 * it did its work.
 */
import { isDeepStrictEqual } from 'node:util';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { BlobErrorReason, BlobStore } from '../../../blob-store/blob-store.ts';
import type { Operation } from '../../../sandbox/worm/types.ts';

const never = new AbortController().signal;
export const small = Buffer.from('what is stored must be what was written');
const large = Buffer.alloc(700_000, 'a stream that is too big for one packet. ');

export interface Site {
  readonly name: string;
  /** The requests that the call makes, in order. A fault hits each in turn. */
  readonly requests: readonly Operation[];
  /** Uses `there` (content: {@link small}) or makes `new`. */
  readonly call: (store: BlobStore, sourceUrl: string) => Promise<unknown>;
  /** Its result when nothing is in the way. */
  readonly result: unknown;
  /** Content of the blob `new` afterwards. */
  readonly makes?: Buffer;
  /** Other names that this call may rightly give a fault, by fault and request. */
  readonly calls?: Readonly<Record<string, BlobErrorReason>>;
  /**
   * Only the client's own digest could show that bits were flipped or are missing, and its callers have one.
   */
  readonly trusts?: readonly ('one flipped bit' | 'truncated answer')[];
}

export const sites: readonly Site[] = [
  {
    name: 'create',
    requests: ['PutBlob'],
    call: (store) => store.create('new', small, 'text/plain', never),
    result: undefined,
    makes: small,
  },
  {
    name: 'create from a stream',
    requests: ['PutBlob'],
    call: (store) =>
      store.create(
        'new',
        {
          bytes: large.length,
          md5: md5(large),
          open: () => Readable.from([large.subarray(0, 1000), large.subarray(1000)]),
        },
        'text/plain',
        never,
      ),
    result: undefined,
    makes: large,
  },
  {
    name: 'create again',
    requests: ['PutBlob', 'GetBlobProperties'],
    call: (store) => store.create('there', small, 'text/plain', never),
    result: undefined,
    // The store said that the blob exists. Whatever it says next, nobody knows that its content is the same.
    calls: {
      '404 at GetBlobProperties': 'BlobExists',
      'truncated answer at GetBlobProperties': 'BlobExists',
    },
  },
  { name: 'read', requests: ['GetBlob'], call: (store) => store.read('there', 1000, never), result: small },
  {
    name: 'read a range',
    requests: ['GetBlob'],
    call: (store) => store.readRange('there', 5, 20, never),
    result: small.subarray(5, 25),
    trusts: ['one flipped bit', 'truncated answer'],
  },
  {
    name: 'properties',
    requests: ['GetBlobProperties'],
    call: async (store) => ({ ...(await store.properties('there', never)), createdTime: '' }),
    result: { name: 'there', bytes: small.length, md5: md5(small), createdTime: '' },
    trusts: ['one flipped bit', 'truncated answer'],
  },
  {
    name: 'list',
    requests: ['ListBlobs'],
    call: async (store) => {
      const names: string[] = [];
      for await (const { name } of store.list('the', never)) names.push(name);
      return names;
    },
    result: ['there'],
    trusts: ['one flipped bit'],
  },
  {
    name: 'copy',
    requests: ['PutBlobFromUrl', 'GetBlobProperties'],
    call: (store, sourceUrl) =>
      store.copyFrom('new', sourceUrl, { bytes: small.length, md5: md5(small) }, never),
    result: undefined,
    makes: small,
    // It was copied and is not there, so it must not be trusted.
    calls: { '404 at GetBlobProperties': 'DigestMismatch' },
    trusts: ['one flipped bit', 'truncated answer'],
  },
  {
    name: 'proof of immutability',
    requests: ['GetBlobProperties', 'GetBlob', 'PutBlob', 'DeleteBlob'],
    call: async (store) => {
      const { overwrite, delete: deletion } = await store.proveImmutable('there', never);
      return { overwrite, deletion };
    },
    result: { overwrite: 'Refused', deletion: 'Refused' },
  },
  {
    name: 'policy',
    requests: ['GetContainerProperties'],
    call: (store) => store.policy(never),
    result: { hasImmutabilityPolicy: true, versioning: false },
    trusts: ['one flipped bit', 'truncated answer'],
  },
];

export function equal(left: unknown, right: unknown): boolean {
  return isDeepStrictEqual(left, right);
}

function md5(content: Buffer): string {
  return createHash('md5').update(content).digest('hex');
}
