import { expect, it } from 'vitest';
import { secrets } from '../../runtime/client/kinds.ts';
import { MemoryCluster } from '../../runtime/fake/memory-cluster.ts';
import { aStack } from '../stack/testing.ts';
import { readProxyCredentials } from './render-inputs.ts';

const { signal } = new AbortController();
const stack = aStack({
  host: {
    ...aStack().spec.host,
    proxy: { http: 'http://192.0.2.8:3128', credentialsSecretRef: { name: 'proxy' } },
  },
});

async function readLogin(password: string) {
  const cluster = new MemoryCluster();
  const { namespace } = stack.metadata;
  const object = { metadata: { namespace, name: 'proxy' }, stringData: { username: 'jtel', password } };
  await cluster.create(secrets, object, { signal });
  return await readProxyCredentials(cluster, stack, { signal });
}

it('the login of a proxy is refused when it is longer than a variable on the host should be', async () => {
  expect(await readLogin('x'.repeat(1024))).toMatchObject({ username: 'jtel' });
  await expect(readLogin('x'.repeat(1025))).rejects.toMatchObject({
    reason: 'SecretInvalid',
    message: expect.stringContaining('1024 characters'),
  });
});
