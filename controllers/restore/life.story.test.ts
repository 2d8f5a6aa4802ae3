/**
 * Restores from the first look to the end, with the real operator over a Kubernetes API, stores and a host in memory.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { backupKind, restoreKind, storeKind, type JtelBackup } from '../../crds/index.ts';
import {
  aRestore,
  ask,
  backupID,
  effects,
  ended,
  endState,
  installed,
  ready,
  restoreOf,
  stackOf,
} from '../../test/support/world/restores.ts';
import { killAll, World } from '../../test/support/world/world.ts';
import { releaseFilePath } from '../../release/layout.ts';
import { storeBackup } from '../../test/support/stored-backup.ts';

const { signal: never } = new AbortController();

// Whole lives of a stack: a busy machine needs its time.
vi.setConfig({ testTimeout: 60_000 });

afterEach(killAll);

describe('a stack without data', () => {
  it('begins with the newest backup of its identity, in an empty cluster and on a new host', async () => {
    const world = await World.create();
    storeBackup(world.customer, { backupID: '20260228t020000z-000009', content: 'old' });
    storeBackup(world.customer, { backupID });
    await installed(world, { initialData: { source: 'Auto' } });
    expect(endState(world)).toMatchObject({ data: `backup ${backupID}`, version: '3.44.0', jobs: 0 });
    expect((await world.stack()).status?.data).toMatchObject({
      backupID,
      state: 'Complete',
      requestUID: (await world.stack()).metadata.uid,
    });
  });

  it('gets vanilla data when the store has no backup of it', async () => {
    const world = await World.create();
    storeBackup(world.customer, { identity: 'acme.other' });
    await installed(world, { initialData: { source: 'Auto' } });
    expect(endState(world)).toMatchObject({ data: 'vanilla 3.44.0' });
  });

  it.each([
    [
      'a backup that another release wrote and this one cannot update',
      { version: '3.50.0' },
      {},
      'DowngradeRefused',
    ],
    ['a backup that is not whole', {}, { lose: /\/packs\// }, 'BackupInvalid'],
  ] as const)('does not begin with %s', async (_, options, { lose }: { lose?: RegExp }, reason) => {
    const world = await World.create();
    const stored = storeBackup(world.customer, options);
    for (const name of stored.names.filter((one) => lose?.test(one) === true))
      world.customer.blobs.delete(name);
    await world.apply(stackOf({ initialData: { source: 'Auto' } }));
    world.start();
    await world.until(
      'the refusal',
      async () =>
        (await world.stack()).status?.conditions?.find(({ type }) => type === 'DataLoaded')?.reason ===
        reason,
    );
    expect(effects(world)).not.toContain('startJob');
  });

  it('waits for a restore that was asked for at the same time, instead of loading vanilla data first', async () => {
    const world = await World.create();
    storeBackup(world.customer, { backupID });
    await world.cluster.create(restoreKind, aRestore({ ifNotEmpty: 'Fail' }), { signal: never });
    await installed(world);
    await world.until('the restore to end', () => ended(world));
    expect((await restoreOf(world)).status).toMatchObject({ phase: 'Completed', backupID });
    expect(endState(world)).toMatchObject({ data: `backup ${backupID}` });
    expect(effects(world).filter((effect) => effect === 'startJob')).toHaveLength(1);
  });
});

describe('a restore over data', () => {
  it('is refused while nobody confirmed that data may be overwritten', async () => {
    const world = await installed(await World.create());
    storeBackup(world.customer);
    const before = effects(world).length;
    const order = aRestore({ ifNotEmpty: 'Fail', preRestoreBackup: 'Required' });
    const { confirmReplace: _nobodyConfirms, ...spec } = order.spec;
    await world.cluster.create(restoreKind, { ...order, spec }, { signal: never });
    await world.until('the restore to end', () => ended(world));
    const { status } = await restoreOf(world);
    expect(status).toMatchObject({
      phase: 'Failed',
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'DataNotEmpty' })]),
    });
    expect(effects(world).slice(before)).toEqual([]);
  });

  it.each([
    ['fails when that fails', 'Failed', 'BackupFailed', 'vanilla 3.44.0'],
    ['goes on when that is completed', 'Completed', 'RestoreCompleted', `backup ${backupID}`],
  ] as const)('waits for the backup of what is there, and %s', async (_, phase, reason, data) => {
    const world = await installed(await World.create());
    storeBackup(world.customer, { backupID, identity: 'acme.before' });
    const before = effects(world).length;
    // The backup is held up, so that this test decides what becomes of it.
    world.runJob = ({ type }) => (type === 'backup' ? { durationMilliseconds: 1e9 } : { result: {} });
    await world.cluster.create(
      restoreKind,
      aRestore({
        source: { latestOf: 'acme.before' },
        preRestoreBackup: 'Required',
        verify: 'Checksum',
        inPlace: 'Refuse',
        keepPreviousHours: 24,
      }),
      { signal: never },
    );
    const name = `pre-restore-${(await restoreOf(world)).metadata.uid}`;
    await world.until(
      'the backup to run',
      async () =>
        (await world.cluster.find(backupKind, { namespace: 'acme', name }, { signal: never }))?.status
          ?.phase === 'Running',
    );
    expect((await restoreOf(world)).status).toMatchObject({
      phase: 'Checking',
      preRestoreBackupRef: { name },
    });
    expect(effects(world).slice(before)).not.toContain('composeStop');
    await world.cluster.applyStatus(
      backupKind,
      { namespace: 'acme', name },
      { phase },
      {},
      { signal: never },
    );
    await world.until('the restore to end', () => ended(world));
    expect((await restoreOf(world)).status).toMatchObject({
      conditions: expect.arrayContaining([expect.objectContaining({ reason })]),
    });
    await world.until('the stack to be Ready', () => ready(world));
    expect(endState(world)).toMatchObject({ data });
  });

  it.each([
    [
      'the backup lies in a store that no host can be let into',
      { preRestoreBackup: 'Skip', verify: 'Checksum', inPlace: 'Refuse', keepPreviousHours: 24 },
    ],
    [
      'there is no way to back up what is there',
      { preRestoreBackup: 'Required', source: { latestOf: 'acme.main', storeRef: { name: 'vendor' } } },
    ],
  ] as const)('fails at once, before anything is touched, when %s', async (_, spec) => {
    const world = await installed(await World.create());
    for (const store of [world.customer, world.vendor]) storeBackup(store, { backupID });
    const before = effects(world).length;
    world.customer.sasRights = 'rlc';
    const { status } = await ask(world, spec);
    expect(status?.phase).toBe('Failed');
    expect(status?.conditions).toContainEqual(expect.objectContaining({ reason: 'StoreCannotSign' }));
    expect(effects(world).slice(before)).toEqual([]);
  });

  it('tells what it would do in mode Plan, and does nothing', async () => {
    const world = await installed(await World.create());
    storeBackup(world.customer, { backupID });
    const before = effects(world).length;
    const { status } = await ask(world, {
      mode: 'Plan',
      preRestoreBackup: 'Required',
      verify: 'Checksum',
      inPlace: 'Refuse',
      keepPreviousHours: 24,
    });
    expect(status).toMatchObject({
      phase: 'Completed',
      backupID,
      bytes: 1000,
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'ChecksPassed' })]),
    });
    expect(effects(world).slice(before)).toEqual([]);
  });

  it('of two, the older is carried out first and then the other', async () => {
    const world = await installed(await World.create());
    storeBackup(world.customer, { backupID: '20260228t020000z-000009', content: 'old' });
    storeBackup(world.customer, { backupID });
    const storeRef = { name: 'customer' };
    await world.cluster.create(restoreKind, aRestore({ source: { backupID, storeRef } }, 'a'), {
      signal: never,
    });
    await world.cluster.create(
      restoreKind,
      aRestore({ source: { backupID: '20260228t020000z-000009', storeRef } }, 'b'),
      { signal: never },
    );
    await world.until('both to end', async () => (await ended(world, 'a')) && (await ended(world, 'b')));
    expect((await restoreOf(world, 'a')).status?.phase).toBe('Completed');
    expect((await restoreOf(world, 'b')).status?.phase).toBe('Completed');
    expect(endState(world)).toMatchObject({ data: 'backup 20260228t020000z-000009' });
  });
});

const foreignBackup = {
  apiVersion: 'jtel.de/v1alpha1',
  kind: 'JtelBackup',
  metadata: { namespace: 'acme', name: 'foreign' },
  spec: { stackRef: { name: 'other' }, trigger: 'Manual', verify: 'Checksum' },
} as unknown as JtelBackup;

function big(manifest: object): object {
  const bytes = 2 ** 45;
  return {
    ...manifest,
    dataSets: [{ name: 'files', kind: 'FileTree', bytes, files: 1, digest: 'a'.repeat(64) }],
    totals: { ...(manifest as { totals: object }).totals, totalBytes: bytes },
  };
}

describe('what cannot be restored', () => {
  const storeRef = { name: 'customer' };
  it.each([
    [
      'a backup that is not there',
      { source: { backupID: '20250101t020000z-00000a', storeRef } },
      {},
      'BackupNotFound',
    ],
    [
      'a backup of another stack that nobody named',
      { source: { backupRef: { name: 'foreign' } } },
      {},
      'BackupNotAllowed',
    ],
    [
      'the stack of another namespace',
      { source: { latestOf: 'other.main' } },
      { identity: 'other.main' },
      'BackupNotAllowed',
    ],
    [
      'a newer format',
      { source: { backupID, storeRef } },
      { change: (manifest: object) => ({ ...manifest, formatVersion: 9 }) },
      'BackupFormatNewer',
    ],
    [
      'a release that cannot use it',
      { source: { backupID, storeRef } },
      { version: '3.99.0' },
      'DowngradeRefused',
    ],
    [
      'an encrypted backup without its key',
      { source: { backupID, storeRef } },
      {
        change: (manifest: object) => ({ ...manifest, encryption: { method: 'AES-256-GCM', keyID: '2025' } }),
      },
      'DecryptionKeyMissing',
    ],
  ] as const)('%s is refused with a reason, and nothing is touched', async (_, spec, options, reason) => {
    const world = await installed(await World.create());
    storeBackup(world.customer, { backupID, ...options });
    await world.cluster.create(backupKind, foreignBackup, { signal: never });
    await world.cluster.applyStatus(
      backupKind,
      { namespace: 'acme', name: 'foreign' },
      { phase: 'Completed', backupID, identity: 'acme.other', storeRef },
      {},
      { signal: never },
    );
    const before = effects(world).length;
    const { status } = await ask(world, spec);
    expect(status).toMatchObject({
      phase: 'Failed',
      conditions: expect.arrayContaining([expect.objectContaining({ type: 'Failed', reason })]),
    });
    expect(effects(world).slice(before)).toEqual([]);
    expect(await ready(world)).toBe(true);
  });

  it('a backup of what is there to a store that is only read is refused; restoring from one is fine', async () => {
    const world = await installed(await World.create());
    storeBackup(world.customer, { backupID });
    const store = await world.cluster.get(
      storeKind,
      { namespace: 'acme', name: 'customer' },
      { signal: never },
    );
    await world.cluster.replace(
      storeKind,
      { ...store, spec: { ...store.spec, accessMode: 'ReadOnly' } },
      { signal: never },
    );
    const { status } = await ask(world, {
      preRestoreBackup: 'Required',
      verify: 'Checksum',
      inPlace: 'Refuse',
      keepPreviousHours: 24,
    });
    expect(status).toMatchObject({
      phase: 'Failed',
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'ReferenceInvalid' })]),
    });
    expect((await ask(world, {}, 'without')).status).toMatchObject({ phase: 'Completed' });
  });

  it('more than the disk of an empty host holds is refused, and the stack begins without it', async () => {
    const world = await World.create();
    storeBackup(world.customer, { backupID, change: big });
    await world.cluster.create(restoreKind, aRestore({ ifNotEmpty: 'Fail' }), { signal: never });
    await installed(world);
    expect((await restoreOf(world)).status).toMatchObject({
      phase: 'Failed',
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'DiskFull' })]),
    });
    expect(endState(world)).toMatchObject({ data: 'vanilla 3.44.0' });
  });

  it('is found by the job on the host before the stack is stopped', async () => {
    const world = await installed(await World.create());
    storeBackup(world.customer, { backupID });
    world.runJob = ({ uid }) =>
      uid.endsWith('-check')
        ? { error: { reason: 'DataSetCorrupt', message: 'index-1-1.zst is damaged.' } }
        : {};
    const before = effects(world).length;
    const { status } = await ask(world);
    expect(status).toMatchObject({
      phase: 'Failed',
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'BackupInvalid' })]),
    });
    expect(effects(world).slice(before)).not.toContain('composeStop');
    await world.until('the stack to be Ready', () => ready(world));
    expect(endState(world)).toMatchObject({ data: 'vanilla 3.44.0' });
  });
});

describe('vanilla data', () => {
  it('are copied to the customer by the storage service, and loaded from there', async () => {
    const world = await World.create();
    world.vendor.blobs.set(releaseFilePath('3.44.0', 'vanilla/database.sql.zst'), {
      content: Buffer.from('sql'),
      contentType: 'x',
      createdTime: '2026-01-01T00:00:00Z',
    });
    const urls: string[] = [];
    world.runJob = ({ type, input }) => {
      if (type === 'load')
        urls.push(...(input as { dataSets: { url: string }[] }).dataSets.map(({ url }) => url));
      return { result: {} };
    };
    await installed(world, { initialData: { source: 'Auto' } });
    expect(
      world.customer.blobs.get('acme.main/vanilla/3.44.0/vanilla/database.sql.zst')?.content.toString(),
    ).toBe('sql');
    expect(urls).toEqual([expect.stringContaining(`${world.customer.address}/acme.main/vanilla/3.44.0/`)]);
  });
});
