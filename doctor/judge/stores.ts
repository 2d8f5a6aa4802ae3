/** What a store that was only read tells: whether it answers, and whether its content is safe from changes. Pure. */
import type { JtelBackupStore } from '../../crds/index.ts';
import type { StoreObserved } from '../../controllers/store/index.ts';
import { retentionProblem } from '../../controllers/stores/retention.ts';
import { findCondition } from '../../runtime/report/conditions.ts';
import { failed, ok, skipped, warning, type Judgement } from '../finding.ts';

const elsewhere = 'jtel-operator check, in the operator’s pod, asks from there (docs/doctor.md)';

export function storeName({ metadata }: JtelBackupStore): string {
  return `JtelBackupStore ${metadata.namespace ?? ''}/${metadata.name}`;
}

/** What the operator last said about the store, if that is about the present spec. */
export function operatorReaches({ metadata, status }: JtelBackupStore): boolean {
  return (
    findCondition(status?.conditions, 'Available')?.status === 'True' &&
    status?.observedGeneration === metadata.generation
  );
}

/** @param advice how the connection failed, and what to do; see `judge/network.ts` */
export function judgeStore(store: JtelBackupStore, observed: StoreObserved, advice?: string): Judgement {
  const name = storeName(store);
  if (observed.kind === 'Unusable') {
    const { reason, message } = observed.problem;
    const isNetwork = reason === 'StoreUnreachable' || reason === 'StoreNetworkRefused';
    if (isNetwork && operatorReaches(store))
      return warning(
        `${name} cannot be reached from here (${message}); the operator reaches it.`,
        `Do nothing if only the cluster may reach it; ${elsewhere}.`,
      );
    const fix = isNetwork
      ? (advice ?? `Open the way to ${store.spec.azure.endpoint} from the operator and the host.`)
      : 'Correct the store or its Secret, as the message says.';
    return failed(`${name}: ${message}`, fix);
  }
  if (observed.cannotSign !== undefined)
    return failed(
      `${name} answers. ${observed.cannotSign}`,
      'Put accountName and accountKey into its Secret (docs/backups.md).',
    );
  const { contents } = observed;
  const what = store.spec.tier === 'Vendor' ? 'releases' : 'backups';
  return ok(
    contents === undefined
      ? `${name} answers.`
      : `${name} answers; it has ${contents.count} ${what} for those who use it.`,
  );
}

export function judgeImmutability(
  store: JtelBackupStore,
  observed: StoreObserved,
  { status, message }: { readonly status: 'True' | 'False' | 'Unknown'; readonly message: string },
): Judgement {
  const name = storeName(store);
  const { policy: wanted } = store.spec.immutability;
  const next = 'Give the container a locked time-based policy (docs/backups.md).';
  if (wanted === 'None')
    return warning(
      `${name} asks for no immutability.`,
      'Set spec.immutability.policy to Required, if backups are to survive an attacker.',
    );
  if (observed.kind === 'Unusable')
    return skipped('The store does not answer.', 'Correct what the check backup-store says; then ask again.');
  if (status === 'True') return ok(message);
  if (status === 'False') return wanted === 'Required' ? failed(message, next) : warning(message, next);
  const { policy, retention } = observed;
  if (retention?.kind === 'TimeBased' && retentionProblem(store.spec.immutability, retention) === undefined)
    return ok(
      `The container’s policy is locked and lasts ${retention.days} days. The operator proves it when it uses the store.`,
    );
  if (policy === undefined)
    return skipped(
      `Whether the container has a policy could not be read with these credentials. ${message}`,
      'Set spec.azure.management, or see in the storage account that the policy is there, locked and long enough.',
    );
  return warning(
    `The container has ${policy.hasImmutabilityPolicy ? 'an immutability policy' : 'versions, and no policy of its own'}; whether it is locked, and for how long, is not known. ${message}`,
    'Set spec.azure.management so that this can be read, or see in the storage account that it is so (docs/backups.md).',
  );
}
