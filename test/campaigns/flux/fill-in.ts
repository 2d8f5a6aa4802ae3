/** The values of a sandbox for what is marked FILL IN in examples/customer-repo, and what its customer wants otherwise. */
import { randomBytes } from 'node:crypto';
import type { Sandbox } from '../../../sandbox/index.ts';
import { dockerConfig } from '../../../sandbox/installation/examples.ts';
import type { Document, Repository } from './repository.ts';

/** The channel begins with it, and goes on to {@link nextVersion}. */
export const firstVersion = '3.43.1';
export const nextVersion = '3.43.2';

/** The last word of the customer: the campaign runs at any hour, and nothing is to happen by itself. */
const ownPatches = `patches:
  - target: {kind: JtelStack}
    patch: |
      - {op: remove, path: /spec/update/windows}
      - {op: add, path: /spec/backup/state, value: Suspended}
`;

export async function fillIn(repository: Repository, sandbox: Sandbox, version: string): Promise<void> {
  const { vendor, customer } = sandbox.blob;
  const backups = await sandbox.blob.container(customer, `flux-${randomBytes(4).toString('hex')}`);
  const host = sandbox.host('host-1');
  await repository.replace('fleet/channel/channel.yaml', /version: \S+/, `version: ${version}`);
  await repository.replace('fleet/channel/channel.yaml', /soakMinutes: \d+/, 'soakMinutes: 0');
  await repository.change('fleet/vendor/store.yaml', (store) =>
    setAzure(store, vendor.endpoint, vendor.container),
  );
  await repository.encrypt('fleet/vendor/secrets.yaml', {
    'vendor-store': { endpoint: vendor.endpoint, accountName: vendor.account, accountKey: vendor.key },
    registry: { '.dockerconfigjson': dockerConfig(sandbox) },
  });
  await repository.change('customers/customer-a/stack.yaml', ({ spec = {} }) => {
    spec['size'] = 'Small';
    spec['host'] = {
      address: host.address,
      port: host.port,
      user: host.user,
      hostKeyFingerprints: [host.hostKeyFingerprint],
    };
  });
  await repository.change('customers/customer-a/store.yaml', (store) =>
    setAzure(store, backups.endpoint, backups.container),
  );
  await repository.encrypt('customers/customer-a/secrets.yaml', {
    'host-key': { 'ssh-privatekey': host.privateKey },
    backups: { endpoint: backups.endpoint, accountName: backups.account, accountKey: backups.key },
    'backup-keys': { current: '2026', 2026: randomBytes(32).toString('base64') },
  });
  await repository.replace(
    'clusters/flux/channel.yaml',
    'prune: false',
    'prune: false\n  wait: true\n  timeout: 90m',
  );
  // This one has no host here, so it is in git only.
  await repository.remove('clusters/flux/customer-b.yaml');
  const kustomization = 'customers/customer-a/kustomization.yaml';
  await repository.write(kustomization, `${await repository.read(kustomization)}${ownPatches}`);
}

function setAzure({ spec }: Document, endpoint: string, container: string): void {
  Object.assign(spec?.['azure'] ?? {}, { endpoint, container });
}
