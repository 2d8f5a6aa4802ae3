/** What somebody else wrote to the store: it is never restored by itself, and what is ours is found behind it. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { paths } from '../../backup-format/names.ts';
import { events } from '../../runtime/client/kinds.ts';
import { storeKind, type JtelRestore } from '../../crds/index.ts';
import { newSigner, testSigner } from '../../test/support/signing.ts';
import { putBlob, storeBackup } from '../../test/support/stored-backup.ts';
import { backupID, effects, ask, installed, ready, stackOf } from '../../test/support/world/restores.ts';
import { killAll, World } from '../../test/support/world/world.ts';

const { signal: never } = new AbortController();
const newer = '20260302t020000z-00000b';
const future = '20990101t020000z-00000c';
const stranger = newSigner();
const named = { source: { backupID: newer, storeRef: { name: 'customer' } } };

// Whole lives of a stack: a busy machine needs its time.
vi.setConfig({ testTimeout: 60_000 });

afterEach(killAll);

function reasonOf({ status }: JtelRestore): string | undefined {
  return status?.conditions?.find(({ type }) => type === 'Failed')?.reason;
}

function checkOf({ status }: JtelRestore, name: string): { result: string; message?: string } | undefined {
  return status?.checks?.find((check) => check.name === name);
}

describe('a newer manifest in the store', () => {
  it.each([
    [
      'that nobody signed',
      (world: World) => storeBackup(world.customer, { backupID: newer, signer: 'Nobody' }),
    ],
    [
      'that a stranger signed, who put his key beside it',
      (world: World) => {
        storeBackup(world.customer, { backupID: newer, signer: stranger });
        putBlob(world.customer, paths.publicKey('acme.main', stranger.keyID), stranger.publicKey);
      },
    ],
    ['of a time that has not come yet', (world: World) => storeBackup(world.customer, { backupID: future })],
    [
      'that was ours before somebody changed it',
      (world: World) => {
        storeBackup(world.customer, { backupID: newer });
        const name = paths.manifest('acme.main', newer);
        const text = world.customer.blobs.get(name)?.content.toString() ?? '';
        putBlob(world.customer, name, text.replace('"trigger": "Manual"', '"trigger": "Scheduled"'));
      },
    ],
    [
      'that is no manifest at all',
      (world: World) => putBlob(world.customer, paths.manifest('acme.main', newer), '{'),
    ],
  ])('%s is passed over, and that is told', async (_, write) => {
    const world = await installed(await World.create());
    storeBackup(world.customer, { backupID });
    write(world);
    const { status } = await ask(world);
    expect(status).toMatchObject({ phase: 'Completed', backupID });
    const choice = status?.checks?.find(({ name }) => name === 'Choice');
    expect(choice?.message).toMatch(/2(026|099)\d{4}t020000z-00000[bc] \(/);
    expect(status?.checks?.find(({ name }) => name === 'Signature')).toMatchObject({
      result: 'Passed',
      message: expect.stringContaining(testSigner.keyID),
    });
  });

  it('is passed over by a stack that begins, too', async () => {
    const world = await World.create();
    storeBackup(world.customer, { backupID });
    storeBackup(world.customer, { backupID: newer, signer: 'Nobody' });
    await installed(world, { initialData: { source: 'Auto' } });
    expect((await world.stack()).status?.data).toMatchObject({ backupID });
    const told = await world.cluster.list(events, { namespace: 'acme' }, { signal: never });
    expect(told).toContainEqual(
      expect.objectContaining({
        type: 'Warning',
        reason: 'BackupsIgnored',
        note: expect.stringContaining(newer),
      }),
    );
  });
});

describe('a backup that is named', () => {
  it('and has no signature needs consent', async () => {
    const world = await installed(await World.create());
    storeBackup(world.customer, { backupID: newer, signer: 'Nobody' });
    const before = effects(world).length;
    const refused = await ask(world, named, 'refused');
    expect(reasonOf(refused)).toBe('BackupUnsigned');
    expect(effects(world).slice(before)).toEqual([]);
    const restored = await ask(world, { ...named, unsigned: 'Accept' }, 'accepted');
    expect(restored.status).toMatchObject({ phase: 'Completed', backupID: newer });
    expect(checkOf(restored, 'Signature')).toMatchObject({ result: 'Skipped' });
  });

  it('and is signed by a stranger is not restored with that consent', async () => {
    const world = await installed(await World.create());
    storeBackup(world.customer, { backupID: newer, signer: stranger });
    expect(reasonOf(await ask(world, { ...named, unsigned: 'Accept' }))).toBe('BackupSignerUnknown');
  });

  it('and is signed with a revoked key is not restored, also if the store trusts the key elsewhere', async () => {
    const revoked = newSigner();
    const customer = {
      trustedKeys: [testSigner.publicKey, revoked.publicKey],
      revokedKeyIDs: [revoked.keyID],
    };
    const world = await installed(await World.create({ customer }));
    storeBackup(world.customer, { backupID });
    storeBackup(world.customer, { backupID: newer, signer: revoked });
    const refused = await ask(world, { ...named, unsigned: 'Accept' });
    expect(reasonOf(refused)).toBe('BackupSignerUnknown');
    expect(JSON.stringify(refused.status)).toContain('spec.revokedKeyIDs');
    expect((await ask(world, undefined, 'latest')).status).toMatchObject({ phase: 'Completed', backupID });
  });

  it('and is not encrypted needs consent where the store encrypts', async () => {
    const world = await World.create({ customer: { encryptionKeySecretRef: { name: 'keys' } } });
    await world.addSecret('keys', { current: 'a', a: Buffer.alloc(32).toString('base64') });
    await installed(world);
    storeBackup(world.customer, { backupID: newer });
    expect(reasonOf(await ask(world, named, 'refused'))).toBe('BackupNotEncrypted');
    const restored = await ask(world, { ...named, unencrypted: 'Accept' }, 'accepted');
    expect(restored.status).toMatchObject({ phase: 'Completed', backupID: newer });
  });
});

it('a stack does not begin with vanilla data beside the backups of a lost cluster, and begins with them once their key is trusted', async () => {
  const lost = newSigner();
  const world = await World.create();
  storeBackup(world.customer, { backupID, signer: lost });
  await world.apply(stackOf({ initialData: { source: 'Auto' } }));
  world.start();
  await world.until('the stack to say why it does not begin', async () => {
    const { status } = await world.stack();
    return status?.conditions?.some(({ reason }) => reason === 'BackupSignerUnknown') === true;
  });
  expect((await world.stack()).status?.data).toBeUndefined();
  const store = await world.store();
  const trustedKeys = [lost.publicKey];
  await world.cluster.replace(
    storeKind,
    { ...store, spec: { ...store.spec, trustedKeys } },
    { signal: never },
  );
  await world.until('the stack to be Ready', () => ready(world));
  expect((await world.stack()).status?.data).toMatchObject({ backupID });
});
