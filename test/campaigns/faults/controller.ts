/**
 * Faults in looks at a store: every fault at every request of one look, at a store that is immutable and at
 * one that is not. The look ends in a status that names the store and a reason, and shows no secret. Only an
 * immutable store is called Immutable. Nothing but the look's own probe is ever put at risk. The next look
 * without a fault says that all is well.
 */
import { SigningKeys } from '../../../controllers/stores/signing-keys.ts';
import { randomUUID } from 'node:crypto';
import { azureBlobStore } from '../../../blob-store/azure/azure-store.ts';
import type { BlobStore } from '../../../blob-store/blob-store.ts';
import { aStore, now } from '../../../controllers/store/testing.ts';
import { storeReconciler } from '../../../controllers/store/index.ts';
import {
  storeKind,
  type Condition,
  type JtelBackupStoreStatus,
  type StoreConditionType,
} from '../../../crds/index.ts';
import { MemoryCluster } from '../../../runtime/fake/memory-cluster.ts';
import { silentLogger } from '../../../runtime/report/logger.ts';
import type { Operation, RequestRecord } from '../../../sandbox/worm/types.ts';
import { locked, type TestDouble } from '../../support/blob-double.ts';
import type { CampaignCase, CampaignForm } from '../campaign.ts';
import { blobFaults, type NamedFault } from './faults.ts';
import { check, checkNothingReplaced, checkSecrecy } from '../oracles.ts';

const never = new AbortController().signal;
const isProbe = (blob: string): boolean => blob.startsWith('.jtel-probe/');
/**
 * Limit under the fault `no answer`, which takes longer. All other calls may take as long as a busy machine
 * needs.
 */
const impatientSeconds = 4;
const key = { namespace: 'acme', name: 'backups' };

type Policy = 'Immutable' | 'Mutable';

class Look {
  readonly store: BlobStore;
  /** The same for calls that get no answer. */
  readonly #impatient: BlobStore;
  readonly container: string;
  readonly #cluster = new MemoryCluster();
  readonly #double: TestDouble;
  readonly #told: unknown[] = [];

  private constructor(double: TestDouble, container: string, stores: readonly [BlobStore, BlobStore]) {
    this.#double = double;
    this.container = container;
    [this.store, this.#impatient] = stores;
  }

  static async prepare(double: TestDouble, policy: Policy): Promise<Look> {
    const container = `e-${randomUUID()}`;
    const location = await double.customer.location(container, {
      rule: policy === 'Immutable' ? locked : { kind: 'None' },
    });
    const { credentials } = double.customer;
    const look = new Look(double, container, [
      azureBlobStore(location, credentials),
      azureBlobStore(location, credentials, { timeoutSeconds: impatientSeconds }),
    ]);
    await look.store.create('there', Buffer.from('a backup'), 'text/plain', never);
    await look.#cluster.create(storeKind, aStore(), { signal: never });
    return look;
  }

  /** @returns the status after one look */
  async reconcile(patience: 'Patient' | 'Impatient' = 'Patient'): Promise<JtelBackupStoreStatus> {
    const store = patience === 'Patient' ? this.store : this.#impatient;
    const events = { record: (...all: readonly unknown[]): void => void this.#told.push(all) };
    const reconciler = storeReconciler({
      cluster: this.#cluster,
      events,
      clock: () => now,
      random: () => 0,
      signing: new SigningKeys(this.#cluster, 'jtel-system'),
      open: async () => store,
    });
    await reconciler.reconcile(key, { signal: never, logger: silentLogger });
    return (await this.#cluster.get(storeKind, key, { signal: never })).status ?? { conditions: [] };
  }

  requests(): Promise<readonly RequestRecord[]> {
    return this.#double.control.requests({ account: 'customer', container: this.container });
  }

  checkSecrecy(): void {
    checkSecrecy(JSON.stringify(this.#told), [this.#double.customer.accountKey]);
  }
}

export async function controllerCases(
  double: TestDouble,
  form: CampaignForm,
): Promise<readonly CampaignCase[]> {
  const dry = await Look.prepare(double, 'Immutable');
  const before = (await dry.requests()).length;
  await dry.reconcile();
  const operations = (await dry.requests()).slice(before).map(({ operation }) => operation);
  const sites = operations.map((operation, index) => ({
    operation,
    nth: operations.slice(0, index + 1).filter((each) => each === operation).length,
  }));
  const all = (['Immutable', 'Mutable'] as const).flatMap((policy) =>
    sites.flatMap(({ operation, nth }) =>
      blobFaults.flatMap((fault) =>
        (['once', 'always'] as const).map((often) => ({
          name: `look at a store (${policy}): ${fault.name} at ${operation} ${nth}, ${often}`,
          run: () => survive(double, policy, operation, nth, fault, often),
        })),
      ),
    ),
  );
  return form === 'long' ? all : all.filter((_, index) => index % 61 === 0);
}

async function survive(
  double: TestDouble,
  policy: Policy,
  operation: Operation,
  nth: number,
  { fault, nature }: NamedFault,
  often: 'once' | 'always',
): Promise<void> {
  const { control } = double;
  const look = await Look.prepare(double, policy);
  const before = (await look.requests()).length;
  const when = { account: 'customer', container: look.container, operations: [operation] };
  const id = await control.faults.add({ when, nth, times: often === 'once' ? 1 : 'Always', fault });
  const status = await look.reconcile(fault.kind === 'Delay' ? 'Impatient' : 'Patient');
  await control.faults.remove(id);
  const available = condition(status, 'Available');
  checkSecrecy(JSON.stringify(status), [double.customer.accountKey]);
  look.checkSecrecy();
  if (available.status === 'True') {
    check(
      policy === 'Immutable' || condition(status, 'Immutable').status !== 'True',
      'called immutable, which it is not',
    );
  } else {
    check(often === 'always' || nature !== 'Passing', `not tried again: ${available.message}`);
    check(
      available.message.includes(look.store.description),
      `does not name the store: ${available.message}`,
    );
    check(status.lastProofTime === undefined, 'a proof that did not come about has a time');
  }
  check(
    (await look.store.read('there', 100, never)).toString() === 'a backup',
    'what was stored has changed',
  );
  const well = await look.reconcile();
  check(condition(well, 'Available').status === 'True', `afterwards ${condition(well, 'Available').message}`);
  const proven = condition(well, 'Immutable').status === 'True';
  check(policy === 'Immutable' || !proven, 'afterwards called immutable, which it is not');
  const made = (await look.requests()).slice(before);
  for (const each of made)
    check(
      isProbe(each.blob) || !['PutBlob', 'DeleteBlob'].includes(each.operation),
      `${each.operation} of ${each.blob}`,
    );
  // An overwrite that was allowed helps to prove that a store is not immutable.
  if (policy === 'Immutable') checkNothingReplaced(made, isProbe);
}

function condition(status: JtelBackupStoreStatus, type: StoreConditionType): Condition {
  const found = status.conditions?.find((each) => each.type === type);
  check(found !== undefined, `no condition ${type}`);
  return found;
}
