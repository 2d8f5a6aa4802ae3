/** Commits that are refused, or cannot be carried out. The stack runs on, and a revert puts everything right. */
import assert from 'node:assert/strict';
import { type FluxCase, customer, folder, type Stage } from './stage.ts';

interface Mistake {
  readonly name: string;
  readonly make: (stage: Stage) => Promise<void>;
  /** What Flux says of it. */
  readonly reason: 'BuildFailed' | 'ReconciliationFailed' | 'HealthCheckFailed';
  readonly message: RegExp;
}

const own = `${folder}/kustomization.yaml`;

/** Adds a manifest to the folder of the customer. */
async function add(stage: Stage, file: string, text: string): Promise<void> {
  await stage.repository.write(`${folder}/${file}`, text);
  await stage.repository.replace(own, 'resources: [', `resources: [${file}, `);
}

const mistakes: readonly Mistake[] = [
  {
    name: 'a size that does not exist is refused by the API server, before anything is applied',
    make: async ({ repository }) => {
      await repository.replace(`${folder}/stack.yaml`, 'size: Small', 'size: Huge');
      await repository.replace(`${folder}/stack.yaml`, /fqdn: .*/, 'fqdn: refused.jtel.example');
    },
    reason: 'ReconciliationFailed',
    message: /JtelStack\/customer-a\/customer-a.*Unsupported value: "Huge"/s,
  },
  {
    name: 'a secret that is encrypted for another key is refused, and the one that is there stays',
    make: async (stage) => {
      const foreign = await stage.exampleFile(`${folder}/secrets.yaml`);
      await stage.repository.write(`${folder}/secrets.yaml`, foreign);
    },
    reason: 'BuildFailed',
    message: /decrypt/,
  },
  {
    name: 'a file that is no YAML is refused',
    make: ({ repository }) =>
      repository.write(`${folder}/stack.yaml`, 'apiVersion: jtel.de/v1alpha1\n  kind: [\n'),
    reason: 'BuildFailed',
    message: /stack\.yaml/,
  },
  {
    name: 'a release that does not exist: Flux says what the stack says, and the stack runs on',
    make: ({ repository }) =>
      repository.replace(
        own,
        '- {op: remove, path: /spec/update/windows}',
        [
          '- {op: remove, path: /spec/update/windows}',
          '      - {op: remove, path: /spec/channelRef}',
          '      - {op: add, path: /spec/version, value: 9.9.9}',
        ].join('\n'),
      ),
    reason: 'HealthCheckFailed',
    message: /JtelStack\/customer-a\/customer-a.*Failed/s,
  },
  {
    name: 'a store that cannot be used',
    make: (stage) =>
      add(
        stage,
        'archive.yaml',
        `apiVersion: jtel.de/v1alpha1
kind: JtelBackupStore
metadata:
  name: archive
spec:
  tier: Customer
  azure:
    endpoint: https://customerabackups.blob.core.windows.net
    container: archive
    credentialsSecretRef: {name: nowhere}
`,
      ),
    reason: 'HealthCheckFailed',
    message: /JtelBackupStore\/customer-a\/archive.*Failed/s,
  },
  {
    name: 'a backup that cannot be made',
    make: (stage) =>
      add(
        stage,
        'backup.yaml',
        `apiVersion: jtel.de/v1alpha1
kind: JtelBackup
metadata:
  name: to-the-vendor
spec:
  stackRef: {name: customer-a}
  storeRef: {name: vendor}
`,
      ),
    reason: 'HealthCheckFailed',
    message: /JtelBackup\/customer-a\/to-the-vendor.*Failed/s,
  },
  {
    name: 'a restore that cannot be made',
    make: (stage) =>
      add(
        stage,
        'restore.yaml',
        `apiVersion: jtel.de/v1alpha1
kind: JtelRestore
metadata:
  name: of-nothing
spec:
  stackRef: {name: customer-a}
  source:
    backupID: 20200101t000000z-000000
    storeRef: {name: backups}
  ifNotEmpty: Replace
  confirmReplace: customer-a
`,
      ),
    reason: 'HealthCheckFailed',
    message: /JtelRestore\/customer-a\/of-nothing.*Failed/s,
  },
];

export const refusalCases: readonly FluxCase[] = mistakes.map(({ name, make, reason, message }) => ({
  name,
  run: async (stage) => {
    const containers = await stage.containers();
    const { generation } = (await stage.stack()).metadata;
    await make(stage);
    const commit = await stage.commit(`Mistake: ${name}`);
    try {
      assert.match(await stage.flux.until(customer, commit, reason), message);
      if (reason !== 'HealthCheckFailed')
        assert.equal((await stage.stack()).metadata.generation, generation, 'something was applied');
      assert.deepEqual(await stage.containers(), containers, 'the stack did not run on');
    } finally {
      await stage.settled(await stage.revert());
    }
    assert.deepEqual(await stage.containers(), containers, 'the revert touched the stack');
  },
}));
