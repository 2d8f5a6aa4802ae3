import { expect, it } from 'vitest';
import { read } from '../../backup-format/schema.ts';
import { importSource } from '../../jobs/import.ts';
import { secrets } from '../../runtime/client/kinds.ts';
import { MemoryCluster } from '../../runtime/fake/memory-cluster.ts';
import { aRelease } from '../../test/support/release-builder.ts';
import { aStack } from '../stack/testing.ts';
import { readImportSource } from './import-source.ts';

const { signal } = new AbortController();
const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----';

async function readSource(authority: string) {
  const database = {
    address: 'old',
    port: 3306,
    credentialsSecretRef: { name: 'old' },
    tls: 'Required',
  } as const;
  const stack = aStack({ initialData: { source: 'Import', import: { database } } });
  const cluster = new MemoryCluster();
  const { namespace } = stack.metadata;
  const stringData = { username: 'mover', password: 'x', 'ca.crt': authority };
  await cluster.create(secrets, { metadata: { namespace, name: 'old' }, stringData }, { signal });
  return (await readImportSource(cluster, stack, aRelease(), { signal })).source;
}

it.each([
  ['as it is', `${certificate}\n`],
  ['from between what people and tools write', `the old one\nSubject: CN = old\n${certificate}\n`],
])('a certificate reaches the job %s', async (_, authority) => {
  const source = await readSource(authority);
  expect(source.tls).toEqual({ certificateAuthority: `${certificate}\n` });
  expect(() => read(importSource, source, 'the job')).not.toThrow();
});

it('what is no certificate is refused where it was written', async () => {
  await expect(readSource('a path?')).rejects.toMatchObject({
    reason: 'SecretInvalid',
    message: expect.stringMatching(/acme\/old .*ca\.crt has no certificate/),
  });
});
