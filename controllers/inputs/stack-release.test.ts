import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MemoryBlobStore } from '../../blob-store/memory.ts';
import { storeKind, type JtelBackupStore, type JtelBackupStoreStatus } from '../../crds/index.ts';
import { MemoryCluster } from '../../runtime/fake/memory-cluster.ts';
import { aRelease, storeRelease } from '../../test/support/release-builder.ts';
import { aStack } from '../stack/testing.ts';
import { CredentialStore } from './credentials.ts';
import { ReleaseSource } from './release-source.ts';
import { readStackSecrets, statedReleases } from './stack-release.ts';

const call = { signal: new AbortController().signal };

// A promise that fails and that nobody waits for ends the whole process; vitest reports one as an error.
it('a quantity that is none leaves no read on its way, beside a Secret that is missing', async () => {
  const cluster = new MemoryCluster();
  const stack = aStack({
    components: [{ name: 'acd-web', state: 'Enabled', resources: { cpu: '0' } }],
    network: { fqdn: 'acme.jtel.example', tlsSecretRef: { name: 'gone' } },
  });
  await expect(
    readStackSecrets(stack, aRelease(), { cluster, credentials: new CredentialStore(cluster) }, call),
  ).rejects.toMatchObject({ reason: 'SpecInvalid' });
});

/** Reads an unsigned release as a person's program does. */
async function load(status: JtelBackupStoreStatus): Promise<unknown> {
  const stack = aStack();
  const cluster = new MemoryCluster();
  const key = { namespace: stack.metadata.namespace, name: stack.spec.releaseStoreRef.name };
  await cluster.create(storeKind, { metadata: key, spec: {} } as unknown as JtelBackupStore, call);
  await cluster.applyStatus(storeKind, key, status, {}, call);
  const store = new MemoryBlobStore();
  await storeRelease(store, aRelease());
  const releases = await statedReleases(cluster, stack, call);
  return await releases.load(store, aRelease().version, { namespace: 'acme', signal: call.signal });
}

describe('who looks at a stack without being the operator', () => {
  const vendor = generateKeyPairSync('ed25519');
  const publicKey = vendor.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const releaseKey = new ReleaseSource({ publicKey }).statedKey ?? '';

  it('refuses a release that nobody signed, if the operator says that it does', async () => {
    await expect(load({ releaseKey })).rejects.toMatchObject({ reason: 'ReleaseInvalid' });
  });

  it('takes it if the operator allows unsigned ones', async () => {
    await expect(load({})).resolves.toBeDefined();
  });
});
