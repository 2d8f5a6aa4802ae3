import { expect, it } from 'vitest';
import type { HostTarget } from '../../host-driver/host.ts';
import { secrets } from '../../runtime/client/kinds.ts';
import { MemoryCluster } from '../../runtime/fake/memory-cluster.ts';
import { optional } from '../../base/optional.ts';
import { sshKey } from '../../test/support/ssh-key.ts';
import { aStack } from '../stack/testing.ts';
import { readHostTarget } from './host-target.ts';

const options = { signal: new AbortController().signal };

/** @param rounds that ssh-keygen hashes the passphrase */
function keyOf(rounds: number): string {
  return sshKey('ed25519', '-N', 'secret', '-a', `${rounds}`);
}

async function targetWith(key: string, passphrase = 'secret'): Promise<HostTarget> {
  const cluster = new MemoryCluster();
  const stack = aStack();
  const { namespace } = stack.metadata;
  const metadata = { name: stack.spec.host.sshSecretRef.name, ...optional({ namespace }) };
  const stringData = { 'ssh-privatekey': key, passphrase };
  await cluster.create(secrets, { metadata, stringData }, options);
  return readHostTarget(cluster, stack, options);
}

it('an SSH key that is much dearer to open than usual is refused before anybody tries', async () => {
  await expect(targetWith(keyOf(65))).rejects.toMatchObject({
    reason: 'SecretInvalid',
    message: expect.stringMatching(/takes 65 rounds, and at most 64 .* ssh-keygen -p -a 24/),
  });
  expect(await targetWith(keyOf(1))).toMatchObject({
    passphrase: 'secret',
    namespace: aStack().metadata.namespace,
  });
});

it('an SSH key is refused by its size before anybody reads it', async () => {
  expect(await targetWith('x'.repeat(16_384))).toMatchObject({ passphrase: 'secret' });
  for (const [key, passphrase] of [
    ['x'.repeat(16_385), 'secret'],
    ['x', 'x'.repeat(1025)],
  ] as const)
    await expect(targetWith(key, passphrase)).rejects.toMatchObject({
      reason: 'SecretInvalid',
      message: expect.stringContaining('ssh-privatekey may have 16384 characters, and passphrase 1024'),
    });
});
