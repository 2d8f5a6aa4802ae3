/**
 * The life of one stack on a real host: updates, with and without luck, the way back by hand and by itself,
 * being stopped, paused and only looked at, and its end. Containers are told apart by their ids.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { annotations, type JtelStackStatus } from '../../crds/index.ts';
import { waitFor } from '../support/wait.ts';
import { Stage, stackName } from './stage.ts';

const namespace = 'life';
const withoutBackup = { preUpdateBackup: 'Skip', progressDeadlineSeconds: 600, onFailure: 'Rollback' };
let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open({ name: namespace });
  await stage.startOperator(['--resync-seconds', '5', '--monitor-seconds', '3']);
  await stage.apply({ version: '3.43.1', spec: { update: withoutBackup } });
  await stage.untilReady(600);
});

afterAll(() => stage.close());

async function history(): Promise<NonNullable<JtelStackStatus['history']>> {
  return (await stage.stack()).status?.history ?? [];
}

async function changed(before: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const after = await stage.containers();
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((service) => before.get(service) !== after.get(service))
    .toSorted();
}

function events(): Promise<string> {
  return stage.kubectl.run(['events', '-n', namespace, '--for', `jtelstack/${stackName}`]);
}

/** The page over TLS, or what prevented it. */
async function release(): Promise<string> {
  const { status, body } = await stage
    .page('/api/info')
    .catch((error: unknown) => ({ status: 0, body: String(error) }));
  return status === 200 ? (JSON.parse(body) as { release: string }).release : `${status} ${body}`;
}

describe('an update', () => {
  it('that waits for its window leaves everything alone, and says when that opens', async () => {
    const before = await stage.containers();
    const days = [['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][(new Date().getUTCDay() + 3) % 7]];
    await stage.patchSpec({
      version: '3.43.2',
      update: { windows: [{ days, start: '02:00', durationMinutes: 60, timeZone: 'UTC' }] },
    });
    const { message } = await stage.condition('UpToDate', 'WaitingForWindow');
    expect(message).toContain(`${days[0]} `);
    expect((await stage.stack()).status).toMatchObject({
      phase: 'Ready',
      version: '3.43.1',
      targetVersion: '3.43.2',
    });
    expect(await changed(before)).toEqual([]);
  });

  it('brings the stack to the release once the window is open, and tells how long it was down', async () => {
    await stage.patchSpec({ update: { windows: null } });
    const { status } = await stage.untilReady(300);
    expect(status).toMatchObject({ version: '3.43.2', componentsReady: '8/8' });
    expect(await release()).toBe('3.43.2');
    expect(await history()).toMatchObject([
      { action: 'Update', version: '3.43.2', result: 'Succeeded' },
      { action: 'Install', version: '3.43.1', result: 'Succeeded' },
    ]);
    expect((await history())[0]?.downtimeSeconds).toBeGreaterThan(0);
    expect(status?.rollback).toMatchObject({ version: '3.43.1' });
    expect(await events()).toContain('Updated');
    expect(await stage.query('SELECT MAX(version) FROM jtel.schema_version')).toBe('3');
  });

  it('backwards is refused with the way to do it, and nothing is touched', async () => {
    const before = await stage.containers();
    await stage.patchSpec({ version: '3.43.1' });
    const { message } = await stage.condition('UpToDate', 'DowngradeRefused');
    expect(message).toMatch(/3\.43\.2 keeps running.*JtelRestore/);
    expect(await changed(before)).toEqual([]);
    await stage.patchSpec({ version: '3.43.2' });
    await stage.untilReady();
    expect(await changed(before)).toEqual([]);
  });
});

describe('a change that fails', () => {
  it('is taken back by itself, with the logs of what failed kept on the host', async () => {
    const before = await stage.containers();
    await stage.patchSpec({
      components: [{ name: 'acd-fs1', env: [{ name: 'JTEL_SIP_PORT', value: 'none' }] }],
    });
    const { message } = await stage.condition('UpToDate', 'RolledBack', 300);
    expect(message).toContain('acd-fs1');
    await waitFor('all containers but the failed one as before', async () =>
      (await changed(before)).every((service) => service === 'acd-fs1'),
    );
    const { status } = await stage.stack();
    expect(status).toMatchObject({ version: '3.43.2', componentsReady: '8/8' });
    expect((await history()).slice(0, 2)).toMatchObject([
      { action: 'Rollback', result: 'Succeeded' },
      { action: 'Configure', result: 'RolledBack' },
    ]);
    expect(
      await stage.onHost(['sh', '-c', `cat /opt/jtel/jtel-${namespace}-${stackName}/failures/*-acd-fs1.log`]),
    ).toContain('JTEL_SIP_PORT is "none"');
    expect(await events()).toContain('Last lines of acd-fs1');
  });

  it('is not tried again until somebody changes the spec or asks for it', async () => {
    const before = await stage.containers();
    const looks = (await stage.stack()).metadata.resourceVersion;
    await stage.patchSpec({ components: null });
    await stage.untilReady();
    expect((await stage.stack()).metadata.resourceVersion).not.toBe(looks);
    expect(await changed(before)).toEqual([]);
  });
});

describe('an update whose database step fails', () => {
  const failing = {
    version: '4.0.0',
    components: [{ name: 'acd-task-runner', env: [{ name: 'JTEL_UPDATE_FAIL_AT', value: '4:2' }] }],
  };

  it('without a backup is held: the old release is not started on data that it may not understand', async () => {
    await stage.patchSpec(failing);
    const { message } = await stage.condition('UpToDate', 'WayBackClosed', 300);
    expect(message).toContain('acd-task-runner');
    expect((await stage.stack()).status?.phase).toBe('Stalled');
    expect((await history())[0]).toMatchObject({ action: 'Update', result: 'Failed' });
  });

  it('goes on where it was when the cause is gone: the portal takes the place of the web servers, the database is left alone', async () => {
    const database = (await stage.containers()).get('acd-dbm');
    await stage.patchSpec({ components: null });
    const { status } = await stage.untilReady(300);
    expect(status).toMatchObject({ version: '4.0.0', componentsReady: '7/7' });
    const containers = await stage.containers();
    expect([...containers.keys()].filter((service) => service.startsWith('acd-web'))).toEqual([]);
    expect(containers.has('acd-portal')).toBe(true);
    expect(containers.get('acd-dbm')).toBe(database);
    expect(await release()).toBe('4.0.0');
  });
});

describe('a stack', () => {
  it('that is only observed tells what would be done, and nothing is', async () => {
    const before = await stage.containers();
    await stage.patchSpec({
      managementMode: 'Observe',
      size: 'Small',
      components: [{ name: 'acd-dbs', state: 'Disabled' }],
    });
    const { message } = await stage.condition('Paused', 'Observing');
    expect(message).toContain('4.0.0');
    expect((await stage.stack()).status?.phase).toBe('Observing');
    expect(await changed(before)).toEqual([]);
    await stage.patchSpec({ managementMode: 'Manage', components: null });
    await stage.untilReady();
  });

  it('that is suspended is left alone, also when somebody stops a container', async () => {
    await stage.patchSpec({ suspend: true });
    await stage.condition('Paused', 'Suspended');
    await stage.onHost(['docker', 'stop', (await stage.containers()).get('acd-tel1') ?? '']);
    await stage.condition('Drifted', 'Drifted');
    expect((await stage.stack()).status?.phase).toBe('Suspended');
    expect((await stage.containers()).has('acd-tel1')).toBe(false);
    await stage.patchSpec({ suspend: false });
    await stage.untilReady();
    expect((await stage.containers()).has('acd-tel1')).toBe(true);
  });

  it('is stopped and started as its powerState says, with the same containers', async () => {
    const before = await stage.containers();
    await stage.patchSpec({ powerState: 'Stopped' });
    await stage.condition('Ready', 'Stopped', 120);
    expect((await stage.stack()).status?.phase).toBe('Stopped');
    await stage.condition('Available', 'Stopped');
    expect(await stage.containers()).toEqual(new Map());
    await stage.patchSpec({ powerState: 'Running' });
    await stage.untilReady(180);
    expect(await changed(before)).toEqual([]);
  });

  it('is stopped when it is deleted with that policy; its data stay', async () => {
    await stage.patchSpec({ deletionPolicy: 'Stop' });
    await stage.kubectl.run(['delete', 'jtelstack', stackName, '-n', namespace, '--timeout=120s'], {
      timeoutSeconds: 130,
    });
    expect(await stage.containers()).toEqual(new Map());
    expect(await stage.onHost(['docker', 'volume', 'ls', '-q'])).toContain(
      `jtel-${namespace}-${stackName}_database`,
    );
  });

  it('whose host does not answer is deleted once it does', async () => {
    await stage.apply({ version: '4.0.0', spec: { update: withoutBackup, deletionPolicy: 'Stop' } });
    await stage.untilReady(300);
    await stage.sandbox.faults(namespace).cut();
    await stage.kubectl.run(['delete', 'jtelstack', stackName, '-n', namespace, '--wait=false']);
    await stage.condition('HostReachable', 'HostUnreachable', 180);
    await stage.condition('Available', 'HostUnreachable');
    const { message } = await stage.condition('Ready', 'Deleting');
    expect(message).toContain(
      `kubectl annotate jtelstack ${stackName} -n ${namespace} ${annotations.abandonHost}=true`,
    );
    expect((await stage.stack()).status?.phase).toBe('Deleting');
    await stage.sandbox.faults(namespace).mend();
    await waitFor('the stack to be gone', gone, { timeoutSeconds: 180 });
    expect(await stage.containers()).toEqual(new Map());
  });

  it('whose host never answers again is let go when somebody says so; nothing is done to the host', async () => {
    await stage.apply({ version: '4.0.0', spec: { update: withoutBackup, deletionPolicy: 'Stop' } });
    await stage.untilReady(300);
    const before = await stage.containers();
    await stage.sandbox.faults(namespace).cut();
    await stage.kubectl.run(['delete', 'jtelstack', stackName, '-n', namespace, '--wait=false']);
    await stage.condition('HostReachable', 'HostUnreachable', 180);
    await stage.kubectl.run([
      'annotate',
      'jtelstack',
      stackName,
      '-n',
      namespace,
      `${annotations.abandonHost}=true`,
    ]);
    await waitFor('the stack to be gone', gone, { timeoutSeconds: 60 });
    await stage.sandbox.faults(namespace).mend();
    expect(await stage.containers()).toEqual(before);
  });
});

async function gone(): Promise<boolean> {
  return (await stage.kubectl.run(['get', 'jtelstacks', '-n', namespace, '-o', 'name'])).trim() === '';
}
