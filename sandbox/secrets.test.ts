import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { expect, it } from 'vitest';
import { ensureSecrets, newKeyPair, secretFiles } from './secrets.ts';

it('throws away a key pair whose public key lost its leading zero byte', () => {
  const good = newKeyPair();
  const wire = Buffer.from(good.public.split(' ')[1] ?? '', 'base64');
  const short = `ssh-ed25519 ${wire.subarray(0, -1).toString('base64')} c`;
  const pairs = [{ ...good, public: short }, good];
  const generate = (() => pairs.shift()) as unknown as typeof ssh2.utils.generateKeyPairSync;
  expect(newKeyPair(generate)).toBe(good);
});

it('keeps the secrets of a sandbox over a second start, readable for their owner only', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'secrets-'));
  try {
    const first = await ensureSecrets(directory);
    expect(await ensureSecrets(directory)).toEqual(first);
    for (const file of Object.values(secretFiles(directory))) expect((await stat(file)).mode & 0o077).toBe(0);
  } finally {
    await rm(directory, { recursive: true });
  }
});
