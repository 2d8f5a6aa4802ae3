/** `kubectl jtel import` with stacks that an API server really has. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stackKind, type JtelStack } from '../../../crds/index.ts';
import { call, openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { kubectlJtel, type PluginOptions, type PluginRun } from '../../support/plugin.ts';
import { storeStack } from '../../support/stored-stacks.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await openCluster('plugin-import');
  await installCRDs(cluster.client);
});
afterAll(async () => cluster.close());

const initialData: JtelStack['spec']['initialData'] = {
  source: 'Import',
  import: {
    database: { address: '192.0.2.7', port: 3306, credentialsSecretRef: { name: 'old' }, tls: 'Preferred' },
  },
};

function jtel(argv: readonly string[], options: PluginOptions = {}): Promise<PluginRun> {
  return kubectlJtel(argv, { kubeconfig: cluster.kubeconfig, namespace: cluster.namespace, ...options });
}

async function live(name: string): Promise<JtelStack> {
  return await cluster.client.get(stackKind, { namespace: cluster.namespace, name }, call());
}

it('is shown, and finished only when it was pulled and somebody says so', async () => {
  const { client, namespace } = cluster;
  const stored = { name: 'moves', spec: { initialData }, status: { message: 'copying' } };
  await storeStack(client, namespace, stored);
  const early = await jtel(['import', 'finish', 'moves', '--yes']);
  expect(early).toMatchObject({ code: 1, err: expect.stringContaining('not copied yet (copying)') });
  const notBrought = [{ kind: 'Account', what: 'clerk@%' } as const];
  const status = { import: { pullTime: '2026-03-01T02:59:00Z', tables: 12, notBrought } };
  await client.applyStatus(stackKind, { namespace, name: 'moves' }, status, {}, call());
  expect((await jtel(['import', 'status', 'moves'])).out).toMatch(/12 tables\nwaits for.*Account +clerk@%/s);
  const mark = async (): Promise<string | undefined> =>
    (await live('moves')).metadata.annotations?.['jtel.de/finish-import'];
  expect((await jtel(['import', 'finish', 'moves'], { answer: 'n' })).code).toBe(1);
  expect(await mark()).toBeUndefined();
  expect((await jtel(['import', 'finish', 'moves'], { answer: 'y' })).code).toBe(0);
  expect(await mark()).toBe(status.import.pullTime);
});

it('of a stack that imports nothing is refused', async () => {
  await storeStack(cluster.client, cluster.namespace, { name: 'stays' });
  const { code, err } = await jtel(['import', 'finish', 'stays', '--yes']);
  expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining('stays imports nothing') });
});
