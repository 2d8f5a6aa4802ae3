/**
 * What Azurite does not do: refuse to change what is stored. The double leases a protected blob while it
 * passes on a request that would change it. So Azurite first checks signature, rights and conditions, as
 * Azure does, and then refuses because the lease's id is missing. Only that refusal becomes Azure's own.
 *
 * Source of what is refused: "Container-level WORM policies for immutable blob data", section Scenarios
 * (https://learn.microsoft.com/azure/storage/blobs/immutable-container-level-worm-policies), and "Overview of
 * immutable storage", sections Locked versus unlocked policies (both protect) and Access tiers (Set Blob Tier
 * stays allowed).
 */
import { randomUUID } from 'node:crypto';
import { RestError, type BlockBlobClient } from '@azure/storage-blob';
import { azureError } from './answers.ts';
import type { BlobRequest } from './request.ts';
import type { Rules } from './rules.ts';
import { asReply, headerOf, withHeader, type Reply, type Store } from './store.ts';
import type { Operation } from './types.ts';

/** Operations that change an existing blob; all of them may create a new one. */
const changing: readonly Operation[] = [
  'PutBlob',
  'PutBlock',
  'PutBlockList',
  'CopyBlob',
  'AppendBlock',
  'PutPage',
  'SetBlobMetadata',
  'SetBlobProperties',
  'SnapshotBlob',
];

export class WormGuard {
  readonly #rules: Rules;
  readonly #store: Store;
  readonly #turns = new Turns();

  constructor(rules: Rules, store: Store) {
    this.#rules = rules;
    this.#store = store;
  }

  /** @param pass asks Azurite */
  async through(request: BlobRequest, pass: () => Promise<Reply>): Promise<Reply> {
    const rule = this.#rules.of(request.account, request.container);
    if (rule.kind !== 'Worm') return await pass();
    if (request.operation === 'DeleteContainer')
      return asReply(azureError('ContainerImmutabilityPolicyLocked'));
    if (request.operation === 'GetContainerProperties') return withPolicyHeader(await pass());
    const blob = this.#store.blob(request.account, request.container, request.blob);
    if (blob === undefined || ![...changing, 'DeleteBlob', 'LeaseBlob'].includes(request.operation))
      return await pass();
    return await this.#turns.take(`${request.account}/${request.container}/${request.blob}`, async () => {
      if (request.operation === 'LeaseBlob' || !(await this.#isProtected(request, blob))) return await pass();
      // A lease does not keep Azurite from taking a snapshot.
      if (request.operation === 'SnapshotBlob') return asReply(azureError('BlobImmutableDueToPolicy'));
      return await refusing(blob, pass);
    });
  }

  async #isProtected(
    { account, container, operation }: BlobRequest,
    blob: BlockBlobClient,
  ): Promise<boolean> {
    const found = await blob.getProperties().catch(absent);
    if (found === undefined) return false;
    // After the period a blob can be deleted, but still not overwritten.
    return (
      operation !== 'DeleteBlob' ||
      this.#rules.isRetained(this.#rules.of(account, container), found.createdOn ?? new Date())
    );
  }
}

/** One request at a time for each blob, so two of them cannot both find it missing. */
export class Turns {
  /** The last for each. */
  readonly #last = new Map<string, Promise<unknown>>();

  async take<T>(key: string, run: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(key) ?? Promise.resolve()).then(run, run);
    this.#last.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    }
  }
}

/** Asks with the blob leased: Azurite checks everything else first. */
export async function refusing(blob: BlockBlobClient, pass: () => Promise<Reply>): Promise<Reply> {
  const lease = blob.getBlobLeaseClient(randomUUID());
  const taken = await lease.acquireLease(-1).then(
    () => true,
    () => false, // a client holds its own lease
  );
  try {
    const reply = taken ? await pass() : asReply(azureError('BlobImmutableDueToPolicy'));
    if (!isLeaseRefusal(reply)) return reply;
    if (!Buffer.isBuffer(reply.body)) reply.body.resume();
    return asReply(azureError('BlobImmutableDueToPolicy'));
  } finally {
    if (taken) await lease.releaseLease();
  }
}

function isLeaseRefusal({ status, headers }: Reply): boolean {
  return (
    (status === 412 || status === 409) && headerOf(headers, 'x-ms-error-code')?.startsWith('Lease') === true
  );
}

function withPolicyHeader(reply: Reply): Reply {
  return reply.status === 200 ? withHeader(reply, 'x-ms-has-immutability-policy', 'true') : reply;
}

export function absent(error: unknown): undefined {
  if (error instanceof RestError && error.statusCode === 404) return undefined;
  throw error;
}
