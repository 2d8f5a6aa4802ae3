/**
 * What a real API server and its namespace controller do: W25 (a namespace is deleted) and W29 (a status that
 * becomes empty).
 */
import assert from 'node:assert/strict';
import { MemoryBlobStore } from '../../../../blob-store/memory.ts';
import { aStack } from '../../../../controllers/stack/testing.ts';
import { stackKind, type JtelStack } from '../../../../crds/index.ts';
import { FakeHostDriver } from '../../../../host-driver/fake/driver.ts';
import type { FakeMachine } from '../../../../host-driver/fake/machine.ts';
import { namespaces, secrets } from '../../../../runtime/index.ts';
import { call, openCluster, type TestCluster } from '../../../support/cluster.ts';
import { installCRDs } from '../../../support/crds.ts';
import { operate } from '../../../support/operate.ts';
import { storeRelease } from '../../../support/release-builder.ts';
import { sshKey } from '../../../support/ssh-key.ts';
import { waitFor } from '../../../support/wait.ts';
import type { Part, WorldCase } from '../scene.ts';

const api: Part<TestCluster> = {
  open: async () => {
    const cluster = await openCluster('world');
    await installCRDs(cluster.client);
    return cluster;
  },
  close: (cluster) => cluster.close(),
};

/**
 * Starts the operator over this API server, with a host and a vendor's store in memory.
 * @returns the host, and how to end it.
 */
async function begin(
  cluster: TestCluster,
): Promise<{ readonly machine: FakeMachine; readonly end: () => Promise<void> }> {
  const { namespace, client } = cluster;
  const driver = new FakeHostDriver();
  const machine = driver.add('192.0.2.10');
  const vendor = new MemoryBlobStore();
  await storeRelease(vendor);
  await client.create(
    secrets,
    { metadata: { namespace, name: 'ssh' }, stringData: { 'ssh-privatekey': sshKey('ed25519', '-N', '') } },
    call(),
  );
  return { machine, end: await operate(cluster, { driver, vendor }) };
}

async function apply(cluster: TestCluster, stack: JtelStack): Promise<void> {
  const { metadata, ...body } = stack;
  await cluster.client.create(
    stackKind,
    { ...body, metadata: { name: metadata.name, namespace: cluster.namespace } as JtelStack['metadata'] },
    call(),
  );
}

export const cases: readonly WorldCase[] = [
  {
    id: 'W25',
    title:
      'kubectl delete namespace, with the real namespace controller: the stack is stopped, then everything is gone',
    needs: 'sandbox',
    limitSeconds: 180,
    run: async () => {
      const cluster = await api.open();
      const { client, namespace } = cluster;
      const { machine, end } = await begin(cluster);
      try {
        await apply(cluster, aStack({ deletionPolicy: 'Stop' }));
        const key = { namespace, name: 'main' };
        await waitFor(
          'the stack to be Ready',
          async () => (await client.get(stackKind, key, call())).status?.phase === 'Ready',
          { timeoutSeconds: 60 },
        );
        const project = (await client.get(stackKind, key, call())).status?.project ?? '';
        const states = (): readonly string[] =>
          [...(machine.projects.get(project)?.containers.values() ?? [])].map(({ state }) => state);
        assert.ok(states().length > 0 && states().every((state) => state === 'running'));
        await client.delete(namespaces, { namespace: '', name: namespace }, {}, call());
        await waitFor(
          'the namespace to be gone',
          async () =>
            (await client.find(namespaces, { namespace: '', name: namespace }, call())) === undefined,
          { timeoutSeconds: 90 },
        );
        assert.ok(states().length > 0 && states().every((state) => state === 'exited'), states().join(' '));
      } finally {
        await end();
        await api.close(cluster);
      }
    },
  },
  {
    id: 'W29',
    title: 'spec.host.dns that becomes empty is no status that the server refuses for ever',
    needs: 'sandbox',
    run: async (scene) => {
      const cluster = await scene.part(api);
      const { client, namespace } = cluster;
      await apply(cluster, aStack({}, { name: 'dns' }));
      const key = { namespace, name: 'dns' };
      const { host } = aStack().spec;
      const at = (dns: object): object => ({
        phase: 'Ready',
        dataHost: { machineID: 'machine-1', host: { ...host, dns } },
      });
      await client.applyStatus(
        stackKind,
        key,
        at({
          nameservers: ['192.0.2.53'],
          hosts: [{ ip: '192.0.2.7', names: ['pbx'] }],
        }) as JtelStack['status'] & object,
        {},
        call(),
      );
      const emptied = await client.applyStatus(
        stackKind,
        key,
        at({}) as JtelStack['status'] & object,
        {},
        call(),
      );
      assert.deepEqual(emptied.status?.dataHost, { machineID: 'machine-1', host });
      const again = await client.applyStatus(
        stackKind,
        key,
        at({ hosts: [] }) as JtelStack['status'] & object,
        {},
        call(),
      );
      assert.equal(again.metadata.resourceVersion, emptied.metadata.resourceVersion);
    },
  },
];
