import { describe, expect, test } from 'vitest';
import type { JtelBackupStore } from '../../crds/index.ts';
import { secrets } from '../../runtime/client/kinds.ts';
import { MemoryCluster } from '../../runtime/fake/memory-cluster.ts';
import { currentEncryptionKey, encryptionKey } from './encryption-keys.ts';

const { signal } = new AbortController();
const key = (byte: number): string => Buffer.alloc(32, byte).toString('base64');

const store = (spec: object = { encryptionKeySecretRef: { name: 'keys' } }): JtelBackupStore =>
  ({ metadata: { namespace: 'acme', name: 'backups' }, spec }) as JtelBackupStore;

async function clusterWith(stringData: Readonly<Record<string, string>>): Promise<MemoryCluster> {
  const cluster = new MemoryCluster();
  await cluster.create(secrets, { metadata: { namespace: 'acme', name: 'keys' }, stringData }, { signal });
  return cluster;
}

describe('encryption keys of a store', () => {
  test('a new backup gets the current one, an old one the one it names', async () => {
    const cluster = await clusterWith({ current: '2026', '2025': key(1), '2026': `${key(2)}\n` });
    expect(await currentEncryptionKey(cluster, store(), { signal })).toEqual({ keyID: '2026', key: key(2) });
    expect(await encryptionKey(cluster, store(), '2025', { signal })).toEqual({ keyID: '2025', key: key(1) });
  });

  test('a store without a reference has none', async () => {
    expect(await currentEncryptionKey(new MemoryCluster(), store({}), { signal })).toBeUndefined();
    await expect(encryptionKey(new MemoryCluster(), store({}), '2025', { signal })).rejects.toMatchObject({
      reason: 'DecryptionKeyMissing',
    });
  });

  test.each([
    ['nothing is current', { '2026': key(1) }, 'SecretInvalid'],
    ['what is current is not there', { current: '2027', '2026': key(1) }, 'SecretInvalid'],
    ['a key is too short', { current: '2026', '2026': Buffer.alloc(16).toString('base64') }, 'SecretInvalid'],
    ['a key is no base64', { current: '2026', '2026': 'x'.repeat(44) }, 'SecretInvalid'],
  ])('when %s, the message says where', async (_, data, reason) => {
    await expect(currentEncryptionKey(await clusterWith(data), store(), { signal })).rejects.toMatchObject({
      reason,
      message: expect.stringContaining('acme/keys'),
    });
  });

  test('a message shows nothing that the Secret holds', async () => {
    const cluster = await clusterWith({ current: key(1), '2026': key(1) });
    await expect(currentEncryptionKey(cluster, store(), { signal })).rejects.toMatchObject({
      reason: 'SecretInvalid',
      message: expect.not.stringContaining(key(1)),
    });
  });

  test('a key that a backup needs and that is gone is named', async () => {
    const cluster = await clusterWith({ current: '2026', '2026': key(1) });
    await expect(encryptionKey(cluster, store(), '2025', { signal })).rejects.toMatchObject({
      reason: 'DecryptionKeyMissing',
      message: expect.stringContaining('"2025"'),
    });
    await expect(encryptionKey(cluster, store(), 'current', { signal })).rejects.toMatchObject({
      reason: 'DecryptionKeyMissing',
    });
  });
});
