/**
 * Every way back, on real hosts against a blob store that enforces immutability: restoring over data, testing
 * a backup, planning, and recovery from nothing but the store on another host, in a cluster that never knew
 * the stack.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { example } from '../../sandbox/installation/examples.ts';
import { waitFor } from '../support/wait.ts';
import { keptKeys } from './catalog.ts';
import { Stage, stackName } from './stage.ts';

const namespace = 'recovery';
const identity = `${namespace}.${stackName}`;
const backup = { storeRef: { name: 'backups' }, state: 'Suspended' };
const latest = { source: { latestOf: identity } };
/** A busy build machine must not look like a dead operator. */
const patient = ['--lease-duration-seconds', '90'];
const replace = { ifNotEmpty: 'Replace', confirmReplace: stackName };
let stage: Stage;
let yesterday = '';

beforeAll(async () => {
  stage = await Stage.open({ name: namespace });
  await stage.applyBackupStore();
  await stage.startOperator(patient);
  await stage.apply({ spec: { backup, initialData: { source: 'Auto' } } });
  await stage.untilReady(600);
  await stage.query(
    "CREATE TABLE jtel.calls (id INT PRIMARY KEY, day VARCHAR(20)); INSERT INTO jtel.calls VALUES (1, 'yesterday')",
  );
  await stage.inFiles('mkdir -p announcements && echo welcome > announcements/hello.txt');
  const made = await stage.request('JtelBackup', 'yesterday', {});
  if (made.phase !== 'Completed' || made.backupID === undefined)
    throw new Error(`no backup to begin with: ${JSON.stringify(made)}`);
  yesterday = made.backupID;
});

afterAll(() => stage.close());

async function calls(of: Stage = stage): Promise<string> {
  return await of.query('SELECT GROUP_CONCAT(day ORDER BY id) FROM jtel.calls');
}

/** Containers and volumes on the host that belong to no stack. */
async function leftovers(): Promise<string> {
  const [containers, volumes] = await Promise.all([
    stage.onHost(['docker', 'ps', '-a', '--format', '{{.Names}}']),
    stage.onHost(['docker', 'volume', 'ls', '--format', '{{.Name}}']),
  ]);
  return `${containers}\n${volumes}`
    .split('\n')
    .filter((name) => name.includes('test') || name.includes('job'))
    .join(' ');
}

describe('a stack whose data of today are to go', () => {
  it('is told first what would happen, and nothing is touched', async () => {
    const before = await stage.containers();
    await stage.query("INSERT INTO jtel.calls VALUES (2, 'today')");
    const planned = await stage.request('JtelRestore', 'plan', { ...latest, ...replace, mode: 'Plan' });
    expect(planned).toMatchObject({
      phase: 'Completed',
      backupID: yesterday,
      conditions: expect.arrayContaining([
        expect.objectContaining({ type: 'Complete', status: 'True', reason: 'ChecksPassed' }),
      ]),
    });
    expect(await stage.containers()).toEqual(before);
  });

  it('has its backup tested beside it, with everything counted and nothing left behind', async () => {
    const before = await stage.containers();
    const tested = await stage.request('JtelRestore', 'test', { ...latest, mode: 'Test' });
    expect(tested).toMatchObject({
      phase: 'Completed',
      conditions: expect.arrayContaining([
        expect.objectContaining({ type: 'Complete', status: 'True', reason: 'RestoreCompleted' }),
      ]),
      message: expect.stringMatching(/\d+ tables with \d+ rows/),
    });
    expect(await leftovers()).toBe('');
    expect(await stage.containers()).toEqual(before);
    expect(await calls()).toBe('yesterday,today');
  });

  it('gets those of yesterday, with those of today kept in a backup before', async () => {
    const restored = await stage.request('JtelRestore', 'back', { ...latest, ...replace });
    expect(restored).toMatchObject({
      phase: 'Completed',
      backupID: yesterday,
      recoveryTimeSeconds: expect.any(Number),
    });
    expect(await calls()).toBe('yesterday');
    expect(await stage.inFiles('cat announcements/hello.txt')).toBe('welcome');
    expect((await stage.page('/')).status).toBe(200);
    await stage.untilReady();

    const kept = (restored['preRestoreBackupRef'] as { name: string }).name;
    const again = await stage.request('JtelRestore', 'forth', {
      source: { backupRef: { name: kept } },
      ...replace,
      preRestoreBackup: 'Skip',
    });
    expect(again).toMatchObject({ phase: 'Completed' });
    expect(await calls()).toBe('yesterday,today');
    await stage.untilReady();
  }, 400_000);

  it('keeps those of today when git applies the order for those of yesterday again', async () => {
    const before = await stage.containers();
    await stage.kubectl.run(['delete', 'jtelrestore', 'back', '-n', namespace]);
    const replayed = await stage.request('JtelRestore', 'back', { ...latest, ...replace });
    expect(replayed).toMatchObject({
      phase: 'Completed',
      conditions: expect.arrayContaining([
        expect.objectContaining({ type: 'Complete', status: 'True', reason: 'AlreadyCarriedOut' }),
      ]),
    });
    expect(replayed).not.toHaveProperty('recoveryTimeSeconds');
    expect(await stage.containers()).toEqual(before);
    expect(await calls()).toBe('yesterday,today');
  });

  it('goes back and forth in the time of a restart, as long as the data from before are there', async () => {
    const { status } = await stage.untilReady();
    const undone = await stage.request('JtelRestore', 'undo', {
      source: { undoOf: status?.previousData?.requestUID },
    });
    expect(undone).toMatchObject({
      phase: 'Completed',
      downtimeSeconds: expect.any(Number),
    });
    expect(await calls()).toBe('yesterday');
    expect(await stage.inFiles('cat announcements/hello.txt')).toBe('welcome');
    const { status: after } = await stage.untilReady();
    expect(after?.previousData).toMatchObject({ bytes: expect.any(Number) });
  }, 300_000);

  it('serves while a damaged backup is loaded, and goes on as it was', async () => {
    const damaged = await stage.request('JtelBackup', 'damaged', {});
    await stage.query("INSERT INTO jtel.calls VALUES (9, 'since')");
    const { faults, customer } = stage.sandbox.blob;
    const flipped = await faults.add({
      when: { operations: ['GetBlob'], account: customer.account, container: namespace, blob: '/packs/' },
      times: 'Always',
      fault: { kind: 'Flip', offset: 100 },
    });
    const before = await stage.containers();
    const failed = await stage.request('JtelRestore', 'broken', {
      source: { backupRef: { name: 'damaged' } },
      ...replace,
      preRestoreBackup: 'Skip',
    });
    await faults.remove(flipped);
    expect(damaged.phase).toBe('Completed');
    expect(failed).toMatchObject({
      phase: 'Failed',
      conditions: expect.arrayContaining([
        expect.objectContaining({ type: 'Failed', status: 'True', reason: 'BackupInvalid' }),
      ]),
    });
    // The failed job, and what it loaded, go once everything else is in order.
    await waitFor(
      'nothing to be left of it',
      async () => (await leftovers()) === '' && (await stage.containers()).size === before.size,
    );
    expect(await stage.containers()).toEqual(before);
    expect(await calls()).toBe('yesterday,since');
    await stage.query('DELETE FROM jtel.calls WHERE id = 9');
  }, 300_000);
});

describe('what cannot be', () => {
  const storeRef = { name: 'backups' };
  it.each([
    [
      'an unknown backup',
      'unknown',
      { source: { backupID: '20200101t000000z-000000', storeRef }, ...replace },
      /There is no backup 20200101t000000z-000000.*as its newest/,
    ],
    ['data without consent', 'refused', { ...latest }, /ifNotEmpty is Fail: nothing was touched/],
    [
      'the backups of another customer',
      'foreign',
      { source: { latestOf: 'other.main' }, ...replace },
      /may not be used through JtelBackupStore recovery\/backups/,
    ],
  ])('%s is refused before anything is stopped', async (_, name, spec, message) => {
    const before = await stage.containers();
    expect(await stage.request('JtelRestore', name, spec)).toMatchObject({
      phase: 'Failed',
      message: expect.stringMatching(message),
    });
    expect(await stage.containers()).toEqual(before);
  });
});

describe('a customer whose cluster and host are gone', () => {
  it('comes back with the data of the newest backup, in a new cluster, from the store and examples/disaster-recovery', async () => {
    await stage.request('JtelBackup', 'last', {});
    const trustedKeys = await keptKeys(stage);
    const access = await stage.sandbox.blob.container(stage.sandbox.blob.customer, namespace);
    await stage.sandbox.faults(namespace).kill();
    await stage.close();
    const disaster = await Stage.open({ name: 'disaster', controlPlane: 'own' });
    try {
      await disaster.startOperator(patient);
      await disaster.kubectl.apply(
        await example('disaster-recovery', disaster.sandbox, {
          host: disaster.host,
          namespace: disaster.namespace,
          backups: { access, identity, trustedKeys },
        }),
      );
      const { status } = await disaster.untilReady(600);
      expect(status?.data).toMatchObject({ state: 'Complete', source: expect.stringMatching(/^backup /) });
      expect(await calls(disaster)).toBe('yesterday');
      expect(await disaster.inFiles('cat announcements/hello.txt')).toBe('welcome');
      const next = await disaster.request('JtelBackup', 'goes-on', {});
      expect(next).toMatchObject({ phase: 'Completed', identity });
    } finally {
      await disaster.close();
    }
  }, 700_000);
});
