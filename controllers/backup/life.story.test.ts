/** The story of a backup over a world in memory, and the same story with the process killed before and after each of its effects. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { backupKind, restoreKind, type JtelRestore } from '../../crds/index.ts';
import { secrets } from '../../runtime/client/kinds.ts';
import {
  ask,
  backupAskedFor,
  backupOf,
  ended,
  expectRestorable,
  key,
  manifests,
  storedManifest,
  untilOver,
} from '../../test/support/world/backups.ts';
import { effects } from '../../test/support/world/restores.ts';
import { killAll, type World } from '../../test/support/world/world.ts';
import { waitFor } from '../../test/support/wait.ts';
import { aStack, storeLikeAJob } from './testing.ts';

const { signal } = new AbortController();

// Whole lives of a stack: a busy machine needs its time.
vi.setConfig({ testTimeout: 60_000 });

afterEach(killAll);

async function testRestoreOf(world: World): Promise<JtelRestore> {
  return await waitFor(
    'the test restore',
    () => world.cluster.find(restoreKind, { namespace: 'acme', name: 'main-now-verify' }, { signal }),
    { intervalMilliseconds: 2 },
  );
}

describe('a backup', () => {
  it('goes from a request to a manifest that cannot be changed, and leaves no job behind', async () => {
    const { world } = await backupAskedFor();
    const backup = await ended(world);
    expect(backup.status).toMatchObject({
      phase: 'Completed',
      identity: 'acme.main',
      storeRef: { name: 'customer' },
      version: '3.43.2',
      attempt: 1,
      progress: '100%',
      totalBytes: 1000,
      immutability: { state: 'Verified' },
      verification: { state: 'Passed', method: 'Checksum' },
    });
    await expectRestorable(world, backup);
    expect(world.machine().jobs.size).toBe(0);
    const { documents, writer, excluded } = await storedManifest(world, backup);
    expect(documents.map(({ name }) => name)).toEqual(['stack.json', 'release.json', 'compose.yaml']);
    expect(writer).toMatchObject({
      clusterID: await world.cluster.clusterID({ signal }),
      namespace: 'acme',
      name: 'main',
      machineID: world.machine().facts.machineID,
    });
    expect(excluded).toEqual([{ dataSet: 'files', globs: ['recordings/**'] }]);
  });

  it('leaves everything alone once it is over', async () => {
    const { world } = await backupAskedFor();
    await ended(world);
    await world.kill();
    const { calls } = world.machine();
    const [before, seen] = [effects(world).length, calls.length];
    const version = (await backupOf(world))?.metadata.resourceVersion;
    world.start();
    await world.until('a look at the host', () => calls.length > seen);
    await world.kill();
    expect(effects(world).slice(before)).toEqual([]);
    expect((await backupOf(world))?.metadata.resourceVersion).toBe(version);
  });

  it('counts once if git creates it again, and is made anew if somebody does by hand', async () => {
    const { world, jobs } = await backupAskedFor();
    const first = await ended(world);
    const again = async (labels: Readonly<Record<string, string>>) => {
      await world.cluster.delete(backupKind, key, {}, { signal });
      await ask(world, {}, labels);
      const over = await untilOver(world);
      return typeof over === 'string' ? undefined : over.status;
    };
    const flux = 'kustomize.toolkit.fluxcd.io';
    expect(await again({ [`${flux}/name`]: 'acme', [`${flux}/namespace`]: 'flux-system' })).toMatchObject({
      phase: 'Completed',
      backupID: first.status?.backupID,
      conditions: expect.arrayContaining([
        expect.objectContaining({ type: 'Ready', status: 'True', reason: 'AlreadyCarriedOut' }),
      ]),
    });
    expect(jobs).toHaveLength(1);
    expect((await again({}))?.backupID).not.toBe(first.status?.backupID);
    expect(jobs).toHaveLength(2);
  });

  it('does not read its Secrets anew in each look while its job runs', async () => {
    const { world } = await backupAskedFor({ job: () => ({ durationMilliseconds: 3_600_000 }) });
    const { calls } = world.machine();
    const followed = (): number => calls.filter(({ method }) => method === 'readJob').length;
    world.start();
    await world.until('its job to be followed', () => followed() >= 2);
    const [looks, seen] = [followed(), world.calls.length];
    await world.until('further looks', () => followed() >= looks + 15);
    await world.kill();
    const asked = world.calls.slice(seen).filter(({ kind, name }) => kind === 'Secret' && name === 'ssh');
    // Others read it, too, such as the controller of the stack when it looks for the first time.
    expect(asked.length).toBeLessThan(8);
  });

  it('never tells the root password', async () => {
    const { world, jobs } = await backupAskedFor();
    const credentials = await world.cluster.getSecret('acme', 'main-credentials', { signal });
    const password = credentials.get('database-root-password');
    const backup = await ended(world);
    expect(JSON.stringify(backup)).not.toContain(password);
    const [{ input: secret, companions = [], ...visible } = { input: undefined }] = jobs;
    expect(JSON.stringify(secret)).toContain(password);
    const shown = [visible, companions.map(({ files: _files, ...rest }) => rest)];
    expect(JSON.stringify(shown)).not.toContain(password);
  });

  it('is encrypted with one key from its first try to its last, although that is changed meanwhile', async () => {
    const keyOf = (byte: number): string => Buffer.alloc(32, byte).toString('base64');
    const keys = { current: '2025', '2025': keyOf(1), '2026': keyOf(2) };
    const { world, jobs } = await backupAskedFor({
      keys,
      job: (count, input, { customer: blobs, cluster }) => {
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
    expect(jobs.map(({ input }) => input.encryption)).toEqual([
      { keyID: '2025', key: keyOf(1) },
      { keyID: '2025', key: keyOf(1) },
    ]);
    expect(backup.status).toMatchObject({ phase: 'Completed', attempt: 2, encryptionKeyID: '2025' });
    expect((await storedManifest(world, backup)).encryption).toEqual({
      method: 'AES-256-GCM',
      keyID: '2025',
    });
    expect(JSON.stringify(backup)).not.toContain(keyOf(1));
  });

  it('waits while the key it is to be encrypted with is missing', async () => {
    const { world, jobs } = await backupAskedFor({ keys: { current: '2027' } });
    world.start();
    await waitFor(
      'that to be told',
      async () =>
        (await backupOf(world))?.status?.message?.includes('no key of the name that its key "current" holds'),
      { intervalMilliseconds: 2 },
    );
    expect((await backupOf(world))?.status?.phase).toBe('Pending');
    expect(jobs).toEqual([]);
  });

  it('of the next day knows what is stored, and what an interrupted try stored', async () => {
    const { world, jobs } = await backupAskedFor({
      job: (count, input, { customer: blobs }) =>
        count === 2
          ? (storeLikeAJob(blobs, input), { error: { reason: 'JobFailed', message: 'rebooted' } })
          : { result: storeLikeAJob(blobs, input) },
    });
    await ended(world);
    await world.kill();
    await world.cluster.delete(backupKind, key, {}, { signal });
    await ask(world);
    const second = await ended(world);
    expect(second.status).toMatchObject({ phase: 'Completed', attempt: 2 });
    expect(jobs.map(({ input }) => input.known.length)).toEqual([0, 1, 2]);
    expect(manifests(world)).toHaveLength(2);
  });
});

describe('a backup that is verified by a restore', () => {
  it.each([
    ['Completed', 'Completed', 'Passed'],
    ['Failed', 'Failed', 'Failed'],
  ] as const)('is %s when that is', async (test, phase, state) => {
    const { world } = await backupAskedFor({ asked: { verify: 'Restore' } });
    world.start();
    const asked = await testRestoreOf(world);
    expect(asked.spec).toMatchObject({
      mode: 'Test',
      source: { storeRef: { name: 'customer' }, identity: 'acme.main' },
    });
    expect(asked.spec).not.toHaveProperty('test');
    await world.cluster.applyStatus(
      restoreKind,
      { namespace: 'acme', name: 'main-now-verify' },
      { phase: test, recoveryTimeSeconds: 42 },
      {},
      { signal },
    );
    const backup = await untilOver(world);
    expect(backup).toMatchObject({ status: { phase, verification: { state, method: 'Restore' } } });
    expect(manifests(world)).toHaveLength(1);
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
    const { world } = await backupAskedFor({ asked: { verify: 'Restore', test } });
    world.start();
    expect((await testRestoreOf(world)).spec).toMatchObject({
      mode: 'Test',
      stackRef: { name: 'main' },
      test,
    });
  });
});

describe('a backup that is cancelled', () => {
  it('stops its job, keeps what is stored, and goes', async () => {
    const { world } = await backupAskedFor({ job: () => ({ durationMilliseconds: 3_600_000 }) });
    world.start();
    await waitFor('the job', () => world.machine().jobs.size === 1, { intervalMilliseconds: 2 });
    await world.cluster.delete(backupKind, key, {}, { signal });
    expect(await untilOver(world)).toBe('gone');
    expect(world.machine().jobs.size).toBe(0);
    expect(manifests(world)).toEqual([]);
  });
});

describe('killed at any moment', () => {
  it('a backup ends the same: one manifest, no job', async () => {
    let crashes = 0;
    for (let crashAt = 1; ; crashAt += 1) {
      const { world, jobs } = await backupAskedFor({
        job: (_count, input, { customer: blobs }) => ({
          durationMilliseconds: 2,
          result: storeLikeAJob(blobs, input),
        }),
      });
      world.start(crashAt);
      const over = await untilOver(world);
      await world.kill();
      if (over !== 'crashed') break;
      crashes += 1;
      expect(manifests(world).length, `right after the crash at effect ${crashAt}`).toBeLessThanOrEqual(1);
      const backup = await ended(world);
      await world.kill();
      expect(backup.status, `after a crash at effect ${crashAt}`).toMatchObject({
        phase: 'Completed',
        attempt: 1,
        immutability: { state: 'Verified' },
      });
      await expectRestorable(world, backup);
      expect(jobs.length, `jobs after a crash at effect ${crashAt}`).toBe(1);
      expect(world.machine().jobs.size).toBe(0);
    }
    // Before and after each: finalizer, status, claim, pull, job, documents, manifest, status, removal, finalizer.
    expect(crashes).toBeGreaterThan(20);
  }, 120_000);
});
