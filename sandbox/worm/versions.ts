/**
 * Containers with version-level immutability, which Azurite does not have. What is overwritten or deleted
 * stays as an earlier version, which cannot be deleted before the period of the container's default policy is
 * over. Only in memory.
 *
 * Source: "Version-level WORM policies for immutable blob data", sections Version dependency and Scenarios
 * (https://learn.microsoft.com/azure/storage/blobs/immutable-version-level-worm-policies); headers and
 * `versionid`: "Get Blob Properties", "Delete Blob", "Get Container Properties" in the REST reference.
 * Deleting an earlier version needs the right `x` in a SAS.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { azureError, emptyAnswer, type Answer } from './answers.ts';
import { absent, refusing, Turns } from './guard.ts';
import type { BlobRequest } from './request.ts';
import type { Rules } from './rules.ts';
import { asReply, withHeader, type Reply, type Store } from './store.ts';
import type { Operation } from './types.ts';

interface Version {
  readonly id: string;
  readonly content: Buffer;
  readonly contentType: string;
  readonly etag: string;
  readonly created: Date;
}

/** Operations that make a new version of an existing blob. */
const overwriting: ReadonlySet<Operation> = new Set<Operation>(['PutBlob', 'PutBlockList', 'CopyBlob']);
/** "Prohibited operations" besides Delete Blob. */
const prohibited: ReadonlySet<Operation> = new Set<Operation>(['SetBlobMetadata', 'PutPage']);

export class Versions {
  readonly #rules: Rules;
  readonly #store: Store;
  readonly #turns = new Turns();
  readonly #earlier = new Map<string, Version[]>();
  readonly #current = new Map<string, string>();
  #count = 0;

  constructor(rules: Rules, store: Store) {
    this.#rules = rules;
    this.#store = store;
  }

  async through(
    request: BlobRequest,
    headers: IncomingHttpHeaders,
    pass: () => Promise<Reply>,
  ): Promise<Reply> {
    const { operation, account, container, blob, query } = request;
    if (operation === 'DeleteContainer') return asReply(azureError('ContainerImmutabilityPolicyLocked'));
    if (operation === 'GetContainerProperties') return ofContainer(await pass());
    if (blob === '') return await pass();
    const versionID = query.get('versionid');
    return await this.#turns.take(`${account}/${container}/${blob}`, async () => {
      if (versionID !== null) return await this.#ofVersion(request, versionID, headers, pass);
      if (operation === 'GetBlob' || operation === 'GetBlobProperties')
        return this.#described(request, await pass());
      if (prohibited.has(operation)) return await this.#refused(request, pass);
      if (overwriting.has(operation) || operation === 'DeleteBlob')
        return await this.#replaced(request, pass);
      return await pass();
    });
  }

  async #replaced(request: BlobRequest, pass: () => Promise<Reply>): Promise<Reply> {
    const before = await this.#read(request);
    const reply = await pass();
    if (reply.status >= 300) return reply;
    const key = keyOf(request);
    if (before !== undefined) this.#earlier.set(key, [...(this.#earlier.get(key) ?? []), before]);
    if (request.operation === 'DeleteBlob') {
      this.#current.delete(key);
      return reply;
    }
    const id = this.#newID(new Date());
    this.#current.set(key, id);
    return withHeader(reply, 'x-ms-version-id', id);
  }

  async #refused(request: BlobRequest, pass: () => Promise<Reply>): Promise<Reply> {
    const client = this.#store.blob(request.account, request.container, request.blob);
    const found = await client?.getProperties().catch(absent);
    if (
      client === undefined ||
      found === undefined ||
      !this.#isRetained(request, found.createdOn ?? new Date())
    )
      return await pass();
    return await refusing(client, pass);
  }

  /** Azurite does not know versions, but it knows whether the request's signature is good. */
  async #ofVersion(
    request: BlobRequest,
    id: string,
    headers: IncomingHttpHeaders,
    pass: () => Promise<Reply>,
  ): Promise<Reply> {
    const key = keyOf(request);
    const version = this.#earlier.get(key)?.find((each) => each.id === id);
    if (request.operation === 'DeleteBlob') return await this.#deleteVersion(request, version, id, pass);
    const reply = await pass();
    if (![200, 206, 404, 416].includes(reply.status)) return reply;
    if (version === undefined)
      return this.#current.get(key) === id
        ? this.#described(request, reply)
        : asReply(azureError('BlobNotFound'));
    if (!Buffer.isBuffer(reply.body)) reply.body.resume();
    return this.#withPolicy(
      request,
      asReply(versionAnswer(version, request.method, headers)),
      version.created,
    );
  }

  async #deleteVersion(
    request: BlobRequest,
    version: Version | undefined,
    id: string,
    pass: () => Promise<Reply>,
  ): Promise<Reply> {
    const { account, container, blob, query } = request;
    if (query.has('sp') && !(query.get('sp') ?? '').includes('x'))
      return asReply(azureError('AuthorizationPermissionMismatch'));
    const client = this.#store.blob(account, container, blob);
    const found = await client?.getProperties().catch(absent);
    const verdict = client === undefined || found === undefined ? await pass() : await refusing(client, pass);
    if (verdict.status !== 409 && verdict.status !== 404) return verdict;
    const key = keyOf(request);
    const created = version?.created ?? (this.#current.get(key) === id ? found?.createdOn : undefined);
    if (created === undefined) return asReply(azureError('BlobNotFound'));
    if (version === undefined || this.#isRetained(request, created))
      return asReply(azureError('BlobImmutableDueToPolicy'));
    this.#earlier.set(
      key,
      (this.#earlier.get(key) ?? []).filter((each) => each !== version),
    );
    return asReply(emptyAnswer(202, {}));
  }

  async #read(request: BlobRequest): Promise<Version | undefined> {
    const client = this.#store.blob(request.account, request.container, request.blob);
    const found = await client?.getProperties().catch(absent);
    if (client === undefined || found === undefined) return undefined;
    const created = found.createdOn ?? new Date();
    const id = this.#current.get(keyOf(request)) ?? this.#newID(created);
    return {
      id,
      created,
      content: await client.downloadToBuffer(),
      contentType: found.contentType ?? 'application/octet-stream',
      etag: found.etag ?? '',
    };
  }

  #described(request: BlobRequest, reply: Reply): Reply {
    if (reply.status !== 200 && reply.status !== 206) return reply;
    const key = keyOf(request);
    const created = createdIn(reply);
    const id = this.#current.get(key) ?? this.#newID(created);
    this.#current.set(key, id);
    return this.#withPolicy(
      request,
      withHeader(withHeader(reply, 'x-ms-version-id', id), 'x-ms-is-current-version', 'true'),
      created,
    );
  }

  #withPolicy({ account, container }: BlobRequest, reply: Reply, created: Date): Reply {
    const rule = this.#rules.of(account, container);
    if (rule.kind !== 'Versions') return reply;
    const until = new Date(created.getTime() + rule.days * 86_400_000);
    return withHeader(
      withHeader(reply, 'x-ms-immutability-policy-until-date', until.toUTCString()),
      'x-ms-immutability-policy-mode',
      rule.state.toLowerCase(),
    );
  }

  #isRetained({ account, container }: BlobRequest, created: Date): boolean {
    return this.#rules.isRetained(this.#rules.of(account, container), created);
  }

  /** Unique, and in Azure's form: RFC 3339 with seven digits of a second. */
  #newID(time: Date): string {
    this.#count += 1;
    return time.toISOString().replace('Z', `${String(this.#count % 10_000).padStart(4, '0')}Z`);
  }
}

function versionAnswer(
  { id, content, contentType, etag, created }: Version,
  method: string,
  { range, 'x-ms-range': ours }: IncomingHttpHeaders,
): Answer {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(String(ours ?? range ?? '')) ?? [];
  const from = Number(first ?? 0);
  const body = content.subarray(from, last === undefined || last === '' ? undefined : Number(last) + 1);
  const time = created.toUTCString();
  const facts = {
    'content-type': contentType,
    etag,
    'last-modified': time,
    'x-ms-creation-time': time,
    'x-ms-version-id': id,
    'x-ms-blob-type': 'BlockBlob',
  };
  const ranged =
    first === undefined
      ? {}
      : { 'content-range': `bytes ${from}-${from + body.length - 1}/${content.length}` };
  const answer = emptyAnswer(first === undefined ? 200 : 206, {
    ...facts,
    ...ranged,
    'content-length': body.length,
  });
  return method === 'HEAD' ? answer : { ...answer, body };
}

function keyOf({ account, container, blob }: BlobRequest): string {
  return `${account}/${container}/${blob}`;
}

function createdIn({ headers }: Reply): Date {
  const at = headers.findIndex(
    (name, index) => index % 2 === 0 && name.toLowerCase() === 'x-ms-creation-time',
  );
  return at < 0 ? new Date() : new Date(headers[at + 1] ?? '');
}

function ofContainer(reply: Reply): Reply {
  if (reply.status !== 200) return reply;
  return withHeader(
    withHeader(reply, 'x-ms-has-immutability-policy', 'true'),
    'x-ms-immutable-storage-with-versioning-enabled',
    'true',
  );
}
