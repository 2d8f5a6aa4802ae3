/**
 * How long a store keeps what is stored, as a person sees it: a real API server, a blob server that enforces
 * its policy, and Azure's libraries before the double of the management plane.
 */
import { SigningKeys } from '../../../controllers/stores/signing-keys.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { storeReconciler } from '../../../controllers/store/index.ts';
import { storeKind, type Condition, type JtelBackupStore } from '../../../crds/index.ts';
import { findCondition, secrets, silentLogger } from '../../../runtime/index.ts';
import type { ContainerRule } from '../../../sandbox/worm/types.ts';
import { startBlobDouble, type TestDouble } from '../../support/blob-double.ts';
import { call, openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { startManagementDouble, type ManagementDouble } from '../../support/management-double.ts';

let cluster: TestCluster;
let blobs: TestDouble;
let azure: ManagementDouble;
beforeAll(async () => {
  [cluster, blobs, azure] = [
    await openCluster('retention'),
    await startBlobDouble(),
    await startManagementDouble(),
  ];
  await installCRDs(cluster.client);
  const { endpoint, accountName, accountKey } = blobs.customer;
  await aSecret('backups', { endpoint, accountName, accountKey });
  await aSecret('reader', { ...azure.secret });
});
afterAll(async () => {
  await azure?.[Symbol.asyncDispose]();
  await blobs?.[Symbol.asyncDispose]();
  await cluster?.close();
});
beforeEach(() => void (azure.isAllowed = true));

async function aSecret(name: string, values: Record<string, string>): Promise<void> {
  await cluster.client.apply(
    secrets,
    { metadata: { namespace: cluster.namespace, name }, stringData: values },
    call(),
  );
}

/** Both halves of Azure get the same settings. */
async function rule(container: string, wanted: ContainerRule): Promise<void> {
  await blobs.control.policy(blobs.customer.accountName, container, wanted);
  azure.policy(blobs.customer.accountName, container, wanted);
}

async function aStore(container: string, wanted: ContainerRule, reader = 'reader'): Promise<void> {
  const { endpoint } = await blobs.customer.location(container);
  await rule(container, wanted);
  const management = {
    resourceID: azure.resourceID(blobs.customer.accountName),
    credentialsSecretRef: { name: reader },
  };
  const spec = {
    tier: 'Customer',
    azure: { endpoint, container, credentialsSecretRef: { name: 'backups' }, management },
    immutability: { policy: 'Required', retentionDays: 180 },
  };
  await cluster.client.apply(
    storeKind,
    { metadata: { namespace: cluster.namespace, name: container }, spec } as JtelBackupStore,
    call(),
  );
}

async function look(
  name: string,
): Promise<{ readonly immutable: Condition | undefined; readonly status: JtelBackupStore['status'] }> {
  const reconciler = storeReconciler({
    cluster: cluster.client,
    events: { record: () => undefined },
    clock: () => new Date(),
    random: () => 0,
    signing: new SigningKeys(cluster.client, cluster.namespace),
  });
  const key = { namespace: cluster.namespace, name };
  await reconciler.reconcile(key, { ...call(), logger: silentLogger });
  const { status } = await cluster.client.get(storeKind, key, call());
  return { immutable: findCondition(status?.conditions, 'Immutable'), status };
}

describe('a container whose policy', () => {
  it('is locked and long enough is immutable', async () => {
    await aStore('good', { kind: 'Worm', state: 'Locked', days: 365 });
    const { immutable, status } = await look('good');
    expect(immutable).toMatchObject({
      status: 'True',
      reason: 'ImmutabilityVerified',
    });
    expect(status?.retention).toEqual({ state: 'Locked', days: 365 });
  });

  it('is not locked is not, although it refuses every attempt; locking it is seen at the next look', async () => {
    await aStore('unlocked', { kind: 'Worm', state: 'Unlocked', days: 365 });
    const before = await look('unlocked');
    expect(before.immutable).toMatchObject({
      status: 'False',
      reason: 'PolicyUnlocked',
    });
    expect(before.status?.retention).toEqual({ state: 'Unlocked', days: 365 });
    await rule('unlocked', { kind: 'Worm', state: 'Locked', days: 365 });
    expect((await look('unlocked')).immutable).toMatchObject({
      status: 'True',
      reason: 'ImmutabilityVerified',
    });
  });

  it('is too short is told with the days that are needed', async () => {
    await aStore('short', { kind: 'Worm', state: 'Locked', days: 180 });
    expect((await look('short')).immutable).toMatchObject({
      status: 'False',
      reason: 'RetentionTooShort',
    });
  });

  it('is missing is told as what it is: anybody could overwrite', async () => {
    await aStore('open', { kind: 'None' });
    const { immutable, status } = await look('open');
    expect(immutable).toMatchObject({ status: 'False', reason: 'NotImmutable' });
    expect(status?.retention).toEqual({ state: 'None' });
  });
});

describe('when the management plane does not tell, the attempt counts, and the message says why', () => {
  const worm: ContainerRule = { kind: 'Worm', state: 'Locked', days: 365 };

  it('without a role', async () => {
    await aStore('refused', worm);
    azure.isAllowed = false;
    const { immutable, status } = await look('refused');
    expect(immutable).toMatchObject({
      status: 'True',
      message: expect.stringMatching(/403 AuthorizationFailed/),
    });
    expect(status?.retention).toBeUndefined();
    expect(findCondition(status?.conditions, 'Available')).toMatchObject({ status: 'True' });
  });

  it('but not for what it called removable before: that is not better because nobody tells any more', async () => {
    await aStore('forgotten', { kind: 'Worm', state: 'Unlocked', days: 365 });
    expect((await look('forgotten')).immutable).toMatchObject({ status: 'False', reason: 'PolicyUnlocked' });
    azure.isAllowed = false;
    const { immutable, status } = await look('forgotten');
    expect(immutable).toMatchObject({
      status: 'False',
      reason: 'PolicyUnlocked',
      message: expect.stringMatching(/403/),
    });
    expect(status?.retention).toEqual({ state: 'Unlocked', days: 365 });
  });

  it.each([
    ['without the Secret', 'nobody', {}, /Secret .*\/nobody, which spec\.azure\.management.* does not exist/],
    ['with a Secret that lacks a key', 'keyless', { tenantID: 'acme' }, /tenantID is missing or no GUID/],
    ['with a wrong client secret', 'wrong', { clientSecret: 'a secret that is not shown' }, /AADSTS7000215/],
  ])('%s', async (_, name, values, message) => {
    if (name !== 'nobody') await aSecret(name, { ...azure.secret, ...values });
    await aStore(name, worm, name);
    const { immutable } = await look(name);
    expect(immutable).toMatchObject({ status: 'True', message: expect.stringMatching(message) });
    expect(immutable?.message).not.toContain('not shown');
  });
});
