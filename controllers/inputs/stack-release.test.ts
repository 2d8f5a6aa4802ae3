import { expect, it } from 'vitest';
import { MemoryCluster } from '../../runtime/fake/memory-cluster.ts';
import { aRelease } from '../../test/support/release-builder.ts';
import { aStack } from '../stack/testing.ts';
import { CredentialStore } from './credentials.ts';
import { readStackSecrets } from './stack-release.ts';

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
