/** The story of a backup over a world in memory, and the same story with the process killed before and after each of its effects. */
import { afterEach, describe, expect, it } from 'vitest';
import { backupKind, restoreKind, type JtelBackup, type JtelRestore } from '../../crds/index.ts';
import type { JobSpec } from '../../host-driver/host.ts';
import { secrets } from '../../runtime/client/kinds.ts';
import {
  expectRestorable,
  key,
  Process,
  untilEnded,
  untilOver,
  World,
} from '../../test/support/backup-world.ts';
import { waitFor } from '../../test/support/wait.ts';
import { loadBackup } from '../stores/backup-catalog.ts';
import { aStack, storeLikeAJob } from './testing.ts';

const { signal } = new AbortController();
let running: Process | undefined;
afterEach(() => running?.kill());

async function ended(world: World): Promise<JtelBackup> {
  running = new Process(world);
  return await untilEnded(world, running);
}

async function testRestoreOf(world: World): Promise<JtelRestore> {
  return await waitFor(
    'the test restore',
    () => world.cluster.find(restoreKind, { namespace: 'acme', name: 'main-now-verify' }, { signal }),
    { intervalMilliseconds: 2 },
  );
}

describe('a backup', () => {
  it('goes from a request to a manifest that cannot be changed, and leaves no job behind', async () => {
    const world = await World.create();
    const backup = await ended(world);
    expect(backup.status).toMatchObject({
      phase: 'Completed',
      identity: 'acme.main',
      storeRef: { name: 'backups' },
      version: '3.43.2',
      attempt: 1,
      progress: '100%',
      totalBytes: 1000,
      immutability: { state: 'Verified' },
      verification: { state: 'Passed', method: 'Checksum' },
    });
    await expectRestorable(world, backup);
    expect(world.machine.jobs.size).toBe(0);
    const { documents, writer, excluded } = (
      await loadBackup(world.blobs, 'acme.main', backup.status?.backupID ?? '', signal)
    ).manifest;
    expect(documents.map(({ name }) => name)).toEqual(['stack.json', 'release.json']);
    expect(writer).toMatchObject({
      clusterID: 'cluster-1',
      namespace: 'acme',
      name: 'main',
      machineID: '0123456789abcdef0123456789abcdef',
    });
    expect(excluded).toEqual([{ dataSet: 'files', globs: ['recordings/**'] }]);
  });

  it('leaves everything alone once it is over', async () => {
    const world = await World.create();
    await ended(world);
    await running?.kill();
    const before = world.machine.calls.length;
    const version = (await world.backup())?.metadata.resourceVersion;
    running = new Process(world);
    await new Promise((resolve) => setImmediate(resolve));
    await running.kill();
    expect(world.machine.calls.length).toBe(before);
    expect((await world.backup())?.metadata.resourceVersion).toBe(version);
  });

  it('never tells the root password', async () => {
    const world = await World.create();
    const backup = await ended(world);
    expect(JSON.stringify(backup)).not.toContain('root-password-1');
    const { input: _secret, companions = [], ...visible } = world.specs[0] ?? ({} as JobSpec);
    expect(JSON.stringify([visible, companions.map(({ files: _files, ...rest }) => rest)])).not.toContain(
      'root-password-1',
    );
  });

  it('is encrypted with one key from its first try to its last, although that is changed meanwhile', async () => {
    const keyOf = (byte: number): string => Buffer.alloc(32, byte).toString('base64');
    const keys = { current: '2025', '2025': keyOf(1), '2026': keyOf(2) };
    const world = await World.create({
      keys,
      job: (count, input, { blobs, cluster }) => {
        if (count > 1) return { result: storeLikeAJob(blobs, input) };
        void cluster.apply(
          secrets,
          { metadata: { namespace: 'acme', name: 'keys' }, stringData: { ...keys, current: '2026' } },
          { signal },
        );
        return { error: { reason: 'JobFailed', message: 'rebooted' } };
      },
    });
    const backup = await ended(world);
    expect(world.jobs.map(({ encryption }) => encryption)).toEqual([
      { keyID: '2025', key: keyOf(1) },
      { keyID: '2025', key: keyOf(1) },
    ]);
    expect(backup.status).toMatchObject({ phase: 'Completed', attempt: 2, encryptionKeyID: '2025' });
    expect(
      (await loadBackup(world.blobs, 'acme.main', backup.status?.backupID ?? '', signal)).manifest.encryption,
    ).toEqual({ method: 'AES-256-GCM', keyID: '2025' });
    expect(JSON.stringify(backup)).not.toContain(keyOf(1));
  });

  it('waits while the key it is to be encrypted with is missing', async () => {
    const world = await World.create({ keys: { current: '2027' } });
    running = new Process(world);
    await waitFor(
      'that to be told',
      async () => (await world.backup())?.status?.message?.includes('"2027"'),
      { intervalMilliseconds: 2 },
    );
    expect((await world.backup())?.status?.phase).toBe('Pending');
    expect(world.jobs).toEqual([]);
  });

  it('of the next day knows what is stored, and what an interrupted try stored', async () => {
    const world = await World.create({
      job: (count, input, { blobs }) =>
        count === 2
          ? (storeLikeAJob(blobs, input), { error: { reason: 'JobFailed', message: 'rebooted' } })
          : { result: storeLikeAJob(blobs, input) },
    });
    await ended(world);
    await running?.kill();
    await world.cluster.delete(backupKind, key, {}, { signal });
    // A backupID is of a second; the second backup is of a later one.
    await waitFor(
      'the next second',
      () =>
        Math.floor(Date.now() / 1000) >
        Math.floor(Date.parse(world.blobs.blobs.get(world.manifests()[0] ?? '')?.createdTime ?? '') / 1000),
      { intervalMilliseconds: 20 },
    );
    await world.ask();
    const second = await ended(world);
    expect(second.status).toMatchObject({ phase: 'Completed', attempt: 2 });
    expect(world.jobs.map(({ known }) => known.length)).toEqual([0, 1, 2]);
    expect(world.manifests()).toHaveLength(2);
  });
});

describe('a backup that is verified by a restore', () => {
  it.each([
    ['Completed', 'Completed', 'Passed'],
    ['Failed', 'Failed', 'Failed'],
  ] as const)('is %s when that is', async (test, phase, state) => {
    const world = await World.create({ asked: { verify: 'Restore' } });
    running = new Process(world);
    const asked = await testRestoreOf(world);
    expect(asked.spec).toMatchObject({
      mode: 'Test',
      source: { storeRef: { name: 'backups' }, identity: 'acme.main' },
    });
    expect(asked.spec).not.toHaveProperty('test');
    await world.cluster.applyStatus(
      restoreKind,
      { namespace: 'acme', name: 'main-now-verify' },
      { phase: test, recoveryTimeSeconds: 42 },
      {},
      { signal },
    );
    const backup = await untilOver(world, running);
    expect(backup).toMatchObject({ status: { phase, verification: { state, method: 'Restore' } } });
    expect(world.manifests()).toHaveLength(1);
  });

  it('is restored on the host that it names', async () => {
    const test = {
      host: {
        ...aStack().spec.host,
        address: '192.0.2.99',
        jumpHost: {
          address: '198.51.100.1',
          port: 22,
          user: 'jump',
          sshSecretRef: { name: 'jump' },
          hostKeyFingerprints: [`SHA256:${'B'.repeat(43)}`],
        },
      },
    };
    const world = await World.create({ asked: { verify: 'Restore', test } });
    running = new Process(world);
    expect((await testRestoreOf(world)).spec).toMatchObject({
      mode: 'Test',
      stackRef: { name: 'main' },
      test,
    });
  });
});

describe('a backup that is cancelled', () => {
  it('stops its job, keeps what is stored, and goes', async () => {
    const world = await World.create({ job: () => ({ durationMilliseconds: 3_600_000 }) });
    running = new Process(world);
    await waitFor('the job', () => world.machine.jobs.size === 1, { intervalMilliseconds: 2 });
    await world.cluster.delete(backupKind, key, {}, { signal });
    expect(await untilOver(world, running)).toBe('gone');
    expect(world.machine.jobs.size).toBe(0);
    expect(world.manifests()).toEqual([]);
  });
});

describe('killed at any moment', () => {
  it('a backup ends the same: one manifest, no job', async () => {
    let crashes = 0;
    for (let crashAt = 1; ; crashAt += 1) {
      const world = await World.create({
        job: (_count, input, { blobs }) => ({ durationMilliseconds: 2, result: storeLikeAJob(blobs, input) }),
      });
      running = new Process(world, crashAt);
      const over = await untilOver(world, running);
      await running.kill();
      if (over !== 'crashed') break;
      crashes += 1;
      expect(world.manifests().length, `right after the crash at effect ${crashAt}`).toBeLessThanOrEqual(1);
      const backup = await ended(world);
      await running.kill();
      expect(backup.status, `after a crash at effect ${crashAt}`).toMatchObject({
        phase: 'Completed',
        attempt: 1,
        immutability: { state: 'Verified' },
      });
      await expectRestorable(world, backup);
      expect(world.jobs.length, `jobs after a crash at effect ${crashAt}`).toBe(1);
      expect(world.machine.jobs.size).toBe(0);
    }
    // Before and after each: finalizer, status, claim, pull, job, documents, manifest, status, removal, finalizer.
    expect(crashes).toBeGreaterThan(20);
  }, 120_000);
});
