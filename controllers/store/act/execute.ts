/** Carries out what was planned for a store. */
import { BlobError, type BlobStore, type ImmutabilityProof } from '../../../blob-store/blob-store.ts';
import type { JtelBackupStore } from '../../../crds/index.ts';
import type { Problem } from '../../inputs/outcome.ts';
import { problemOf } from '../observe/observe.ts';
import type { Action } from '../plan/actions.ts';
import { optional } from '../../../base/optional.ts';

/** What became of the probe: `NotDue` also for stores that are only read. */
export type Probed =
  | { readonly kind: 'Written'; readonly proof?: ImmutabilityProof }
  | { readonly kind: 'NotDue' }
  | { readonly kind: 'Failed'; readonly problem: Problem };

type Executors = {
  readonly [K in Action['type']]: (
    action: Extract<Action, { type: K }>,
    blobs: BlobStore,
    signal: AbortSignal,
  ) => Promise<ImmutabilityProof | void>;
};

const executors: Executors = {
  WriteProbe: async ({ name, content }, blobs, signal) => {
    const written = Buffer.from(content);
    await blobs.create(name, written, 'text/plain', signal);
    const found = await blobs.read(name, written.length, signal);
    if (!found.equals(written)) {
      throw new BlobError(
        'DigestMismatch',
        `${blobs.description} does not give back what was written to ${name}; do not trust this store until that is explained`,
      );
    }
  },
  ProveImmutable: ({ name }, blobs, signal) => blobs.proveImmutable(name, signal),
};

/** A refusal by the store is an outcome; @throws anything else. */
export async function execute(
  actions: readonly Action[],
  store: JtelBackupStore,
  blobs: BlobStore,
  signal: AbortSignal,
): Promise<Probed> {
  let proof: ImmutabilityProof | undefined;
  for (const action of actions) {
    try {
      // The table is complete by its type; the lookup loses the link between key and argument.
      const found = await (
        executors[action.type] as (
          action: Action,
          blobs: BlobStore,
          signal: AbortSignal,
        ) => Promise<ImmutabilityProof | void>
      )(action, blobs, signal);
      proof = found ?? proof;
    } catch (error) {
      const { reason, message } = problemOf(error, store);
      const advice =
        reason === 'StoreCredentialsRefused'
          ? ' Listing works, writing does not: give credentials that may create and read, or set spec.accessMode to ReadOnly.'
          : '';
      return { kind: 'Failed', problem: { reason, message: `${message}${advice}` } };
    }
  }
  if (actions.length === 0) return { kind: 'NotDue' };
  return { kind: 'Written', ...optional({ proof }) };
}
