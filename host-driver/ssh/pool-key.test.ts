import { expect, it, onTestFinished } from 'vitest';
import { sshKey } from '../../test/support/ssh-key.ts';
import { KeyRing } from './key-ring.ts';
import { ConnectionPool } from './pool.ts';

it('does not say of a host that it is silent while its key waits for its turn', async () => {
  const never = new KeyRing({ run: () => new Promise(() => undefined) });
  const pool = new ConnectionPool(undefined, never);
  onTestFinished(() => pool.close());
  const privateKey = sshKey('ed25519', '-N', 'secret', '-a', '1');
  const target = { address: '192.0.2.1', port: 22, user: 'jtel', hostKeyFingerprints: [] };
  const asked = pool.get({ ...target, privateKey, passphrase: 'secret' }, AbortSignal.timeout(50));
  await expect(asked).rejects.toMatchObject({
    reason: 'NotChecked',
    message: expect.stringContaining('was not asked yet: to open its SSH key waits'),
  });
});
