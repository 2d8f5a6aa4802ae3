/** Which keys of encryption at rest a backup needs, and that a load begins only where they are. */
import { describe, expect, test } from 'vitest';
import { secrets } from '../../runtime/client/kinds.ts';
import { MemoryCluster } from '../../runtime/fake/memory-cluster.ts';
import { aRelease } from '../../test/support/release-builder.ts';
import { keysOf, requireDatabaseKeys } from './database-keys.ts';

const { signal } = new AbortController();
const key = (digit: string): string => digit.repeat(64);
const place = { namespace: 'acme', stackName: 'main' };

async function clusterWith(keyFile: string): Promise<MemoryCluster> {
  const cluster = new MemoryCluster();
  const metadata = { namespace: 'acme', name: 'main-credentials' };
  await cluster.create(secrets, { metadata, stringData: { 'database-keys': keyFile } }, { signal });
  return cluster;
}

function encryptedRelease(): ReturnType<typeof aRelease> {
  const plain = aRelease();
  const keys = { secret: 'database-keys', path: '/run/keys' };
  const physical = { volume: 'database', dataDirectory: '/var/lib/mysql/data', uid: 999, gid: 999, keys };
  return { ...plain, database: { ...plain.database, physical } };
}

const backup = (keyFile: string) => ({
  backupID: '20260301t020000z-00000a',
  server: { version: '11.8.9-MariaDB', series: '11.8', keys: keysOf(keyFile) },
});

describe('the keys in a key file', () => {
  test('are told apart, and cannot be read from what is said of them', () => {
    const [one, other] = keysOf(`# comment\n1;${key('a')}\n 100 ; ${key('B')} \n`);
    expect(one).toEqual({ id: 1, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(other?.id).toBe(100);
    expect(JSON.stringify([one, other])).not.toContain(key('a'));
  });

  test.each([
    ['another key', `1;${key('b')}`],
    ['the same key under another number', `2;${key('a')}`],
  ])('are not those of %s', (_, content) => {
    expect(keysOf(content)).not.toEqual(keysOf(`1;${key('a')}`));
  });

  test('are the same in capitals', () => {
    expect(keysOf(`1;${key('AB')}`)).toEqual(keysOf(`1;${key('ab')}\n`));
  });

  test('are unknown when the file is encrypted itself', () => {
    expect(keysOf('Salted__\u0001\u0002')).toEqual([]);
  });
});

describe('a backup of an encrypted database', () => {
  test('may be loaded with its keys, also among others', async () => {
    const cluster = await clusterWith(`1;${key('a')}\n2;${key('c')}\n`);
    const allowed = requireDatabaseKeys(cluster, place, encryptedRelease(), backup(`1;${key('a')}`), {
      signal,
    });
    await expect(allowed).resolves.toBeUndefined();
  });

  test.each([
    ['another key', async () => await clusterWith(`1;${key('b')}`)],
    ['only one of two', async () => await clusterWith(`2;${key('c')}`)],
    ['no Secret yet', async () => new MemoryCluster()],
  ])('is refused where there is %s, and the message says where they belong', async (_, cluster) => {
    const needed = backup(`1;${key('a')}\n2;${key('c')}`);
    await expect(
      requireDatabaseKeys(await cluster(), place, encryptedRelease(), needed, { signal }),
    ).rejects.toMatchObject({
      reason: 'DatabaseKeysMissing',
      message: expect.stringMatching(/entry database-keys of Secret main-credentials .* \(number 1/),
    });
  });

  test('is refused under a release that brings none', async () => {
    const cluster = await clusterWith(`1;${key('a')}`);
    await expect(
      requireDatabaseKeys(cluster, place, aRelease(), backup(`1;${key('a')}`), { signal }),
    ).rejects.toMatchObject({
      reason: 'DatabaseKeysMissing',
      message: expect.stringContaining('database.physical.keys'),
    });
  });

  test('of which nothing is known is left to the load', async () => {
    const unknown = { backupID: backup('').backupID, server: { version: '11.8.9-MariaDB' } };
    const allowed = requireDatabaseKeys(new MemoryCluster(), place, aRelease(), unknown, { signal });
    await expect(allowed).resolves.toBeUndefined();
  });
});
