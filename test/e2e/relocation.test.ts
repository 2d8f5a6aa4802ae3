/**
 * A stack moves between real hosts while data is written. Nothing is lost, the old host stays stopped even
 * after a reboot, the way back is the same, and a host that was given up is fenced when it returns.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../support/wait.ts';
import { Stage, stackName } from './stage.ts';

const namespace = 'relocation';
const otherName = `${namespace}-b`;
let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open({ name: namespace, moreHosts: [otherName] });
  await stage.applyBackupStore();
  await stage.startOperator(['--resync-seconds', '10', '--lease-duration-seconds', '90']);
  await stage.apply({
    spec: {
      backup: { storeRef: { name: 'backups' }, state: 'Suspended' },
      network: { allow: { sip: [{ name: 'trunk', cidr: '203.0.113.7/32' }] } },
    },
  });
  await stage.untilReady(600);
  await stage.query('CREATE TABLE jtel.calls (id INT AUTO_INCREMENT PRIMARY KEY)');
});

afterAll(() => stage.close());

function hostSpec(name: string): Record<string, unknown> {
  const { address, port, user, hostKeyFingerprint } = stage.sandbox.host(name);
  return { address, port, user, hostKeyFingerprints: [hostKeyFingerprint] };
}

async function stackContainers(name: string): Promise<string[]> {
  const lines = await stage.sandbox.docker.exec(stage.sandbox.host(name).container, [
    'docker',
    'ps',
    '--format',
    '{{.Label "com.docker.compose.service"}}',
  ]);
  return lines.split('\n').filter(Boolean).toSorted();
}

/** Waits until it has arrived, with everything that the status says about it. */
async function arrived(
  name: string,
  timeoutSeconds = 500,
): Promise<{ downtimeSeconds?: number; source?: string; backupID?: string }> {
  const { address } = stage.sandbox.host(name);
  return await waitFor(
    `the stack to arrive on ${name}`,
    async () => {
      const { status, metadata } = await stage.stack();
      const ready = status?.phase === 'Ready' && status.observedGeneration === metadata.generation;
      return (
        ready &&
        status.dataHost?.host.address === address &&
        status.relocation?.state === 'Completed' &&
        status.relocation
      );
    },
    { timeoutSeconds, intervalMilliseconds: 500 },
  ).catch(async (error: unknown) => {
    throw new Error(`it did not arrive: ${JSON.stringify((await stage.stack()).status)}`, { cause: error });
  });
}

const client =
  'exec mariadb --batch --skip-column-names -hacd-dbm -uroot -p"$(cat /run/secrets/database-root-password)"';

/**
 * Writes rows from another container of the stack, as the application does, until that is stopped.
 * @returns the last id that was confirmed.
 */
async function writeUntilStopped(stop: { done: boolean }): Promise<number> {
  let last = 0;
  while (!stop.done) {
    try {
      const id = (await stage.containers()).get('acd-dbs') ?? '';
      last = Number(
        await stage.onHost(
          ['docker', 'exec', '-i', id, 'sh', '-c', client],
          'INSERT INTO jtel.calls VALUES (); SELECT LAST_INSERT_ID()',
        ),
      );
    } catch {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return last;
}

describe('a stack that is moved to another host', () => {
  it('takes along everything that was written until it stopped, and its allow-list', async () => {
    const stop = { done: false };
    const written = writeUntilStopped(stop);
    await stage.patchSpec({ host: hostSpec(otherName) });
    const { downtimeSeconds, source } = await arrived(otherName);
    stop.done = true;
    const last = await written;
    stage.useHost(otherName);
    expect(last).toBeGreaterThan(0);
    expect(Number(await stage.query(`SELECT COUNT(*) FROM jtel.calls WHERE id <= ${last}`))).toBe(last);
    expect(source).toBe('Migrate');
    expect(downtimeSeconds).toBeGreaterThan(0);
    expect(await stackContainers(namespace)).toEqual([]);
    expect(await stage.onHost(['nft', 'list', 'ruleset'])).toContain('203.0.113.7');
    expect((await stage.stack()).status?.formerHosts).toMatchObject([{ state: 'Fenced' }]);
  });

  it('leaves a host that stays dead when it is rebooted', async () => {
    await stage.sandbox.faults(namespace).reboot();
    await waitFor(
      'Docker on the old host',
      async () =>
        (
          await stage.sandbox.docker.tryRun([
            'exec',
            stage.sandbox.host(namespace).container,
            'docker',
            'info',
          ])
        ).code === 0,
      { timeoutSeconds: 90 },
    );
    expect(await stackContainers(namespace)).toEqual([]);
    await stage.untilReady();
  });

  it('goes back the same way, over what its own mark proves superseded', async () => {
    await stage.query('INSERT INTO jtel.calls VALUES (100000)');
    await stage.patchSpec({ host: hostSpec(namespace) });
    await arrived(namespace);
    stage.useHost(namespace);
    expect(await stage.query('SELECT MAX(id) FROM jtel.calls')).toBe('100000');
    expect(await stackContainers(otherName)).toEqual([]);
  });
});

describe('a host that is gone', () => {
  it('holds the move until somebody agrees to lose what is not in the newest backup; when it returns it is fenced', async () => {
    expect(await stage.request('JtelBackup', 'newest', {})).toMatchObject({ phase: 'Completed' });
    await stage.query('INSERT INTO jtel.calls VALUES (200000)');
    await stage.sandbox.faults(namespace).stop();
    await stage.patchSpec({ host: hostSpec(otherName) });
    const { message } = await stage.condition('Ready', 'RelocationNeedsOldHost', 120);
    expect(message).toMatch(
      /newest backup is \S+: what was written in the last [\d.]+ hours would be lost.*RecoverFromBackup/,
    );
    expect(await stackContainers(otherName)).toEqual([]);

    await stage.patchSpec({ relocation: { source: 'RecoverFromBackup' } });
    expect(await arrived(otherName)).toMatchObject({ source: 'RecoverFromBackup' });
    stage.useHost(otherName);
    expect(await stage.query('SELECT MAX(id) FROM jtel.calls')).toBe('100000');
    expect((await stage.stack()).status?.formerHosts?.[0]).toMatchObject({ state: 'Pending' });

    await stage.sandbox.faults(namespace).start();
    await waitFor(
      'the old host to be fenced',
      async () => (await stage.stack()).status?.formerHosts?.[0]?.state === 'Fenced',
      { timeoutSeconds: 180 },
    );
    expect(await stackContainers(namespace)).toEqual([]);
    await stage.sandbox.faults(namespace).reboot();
    await waitFor(
      'Docker on the old host',
      async () =>
        (
          await stage.sandbox.docker.tryRun([
            'exec',
            stage.sandbox.host(namespace).container,
            'docker',
            'info',
          ])
        ).code === 0,
      { timeoutSeconds: 90 },
    );
    expect(await stackContainers(namespace)).toEqual([]);
    expect((await stage.stack()).metadata.name).toBe(stackName);
  });
});
