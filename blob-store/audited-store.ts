/**
 * Tells of every write to a store. The operator opens its stores with it, so this is the one place where none can be
 * forgotten: a new method of `BlobStore` has to be named here as a write or as a read.
 */
import { BlobError, type BlobStore } from './blob-store.ts';
import { optional } from '../base/optional.ts';

/** Calls that change nothing in the store. A URL or a grant is a right for a job, whose start on the host is told there. */
type Reading =
  | 'description'
  | 'identity'
  | 'read'
  | 'readRange'
  | 'properties'
  | 'list'
  | 'readUrl'
  | 'createGrant'
  | 'policy';

/** One write to a store: first that it began, then how it ended. */
export interface StoreWrite {
  /** Method of `BlobStore`. `proveImmutable` tries to destroy. */
  readonly action: Exclude<keyof BlobStore, Reading>;
  /** Name of the blob, below the store's prefix. */
  readonly blob: string;
  readonly outcome: 'Begun' | 'Done' | 'Failed' | 'Aborted';
  /** Of a failure. */
  readonly reason?: string;
  /** What `proveImmutable` found out. */
  readonly found?: string;
  /** From its begin to its end. */
  readonly seconds?: number;
}

/** @param record must neither throw nor wait */
export function auditedStore(store: BlobStore, record: (write: StoreWrite) => void): BlobStore {
  const write =
    <A extends readonly [string, ...(readonly unknown[])], R>(
      action: StoreWrite['action'],
      call: (...args: A) => Promise<R>,
      foundOf: (result: R) => string | undefined = () => undefined,
    ) =>
    async (...args: A): Promise<R> => {
      const what = { action, blob: args[0] };
      record({ ...what, outcome: 'Begun' });
      const start = performance.now();
      const end = (outcome: StoreWrite['outcome'], told: Pick<StoreWrite, 'reason' | 'found'>): void =>
        record({ ...what, outcome, ...told, seconds: (performance.now() - start) / 1000 });
      try {
        const result = await call(...args);
        end('Done', optional({ found: foundOf(result) }));
        return result;
      } catch (error) {
        const signal = args.find((one) => one instanceof AbortSignal);
        if (signal?.aborted === true) end('Aborted', {});
        else end('Failed', { reason: reasonOf(error) });
        throw error;
      }
    };
  return {
    description: store.description,
    identity: store.identity,
    read: store.read.bind(store),
    readRange: store.readRange.bind(store),
    properties: store.properties.bind(store),
    list: store.list.bind(store),
    readUrl: store.readUrl.bind(store),
    createGrant: store.createGrant.bind(store),
    policy: store.policy.bind(store),
    create: write('create', store.create.bind(store)),
    copyFrom: write('copyFrom', store.copyFrom.bind(store)),
    proveImmutable: write(
      'proveImmutable',
      store.proveImmutable.bind(store),
      (proof) => `overwrite ${proof.overwrite}, delete ${proof.delete}`,
    ),
  };
}

function reasonOf(error: unknown): string {
  if (error instanceof BlobError) return error.reason;
  return error instanceof Error ? error.name : 'Error';
}
