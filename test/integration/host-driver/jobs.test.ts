/**
 * Jobs on a real host when something comes in between: a crash of who starts them, a cancel, a reboot of the
 * host.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHostDriver } from '../../../host-driver/connect.ts';
import type { Host, JobReport } from '../../../host-driver/host.ts';
import { driverSandbox } from '../../support/driver-sandbox.ts';
import type { DriverSandbox } from '../../support/driver-sandbox.ts';
import { aCompanion, aFence, aJob, aJobWithCompanion, aRelease } from '../../support/host-builders.ts';
import { waitFor } from '../../support/wait.ts';

const signal = new AbortController().signal;
const nothing = (): void => undefined;
const project = 'jtel-demo-jobs';
const driver = createHostDriver();
let sandbox: DriverSandbox;
let host: Host;

beforeAll(async () => {
  sandbox = await driverSandbox('driver-jobs', [{ name: 'host-1' }]);
  host = driver.host(sandbox.target('host-1'));
  await host.claim(project, aFence(), signal);
  await host.pull([sandbox.image], sandbox.credentials, nothing, signal);
});

afterAll(async () => {
  await driver.close();
  await sandbox.sandbox.down();
});

const onHost = (script: string): Promise<string> => sandbox.onHost('host-1', script);
/** Everything of a job that lies on the host. */
const remains = (uid: string): Promise<string> =>
  onHost(
    `docker ps -aq --filter label=jtel.de/job-uid=${uid}; docker volume ls -q --filter label=jtel.de/job-uid=${uid}`,
  );

function ended(uid: string): Promise<JobReport> {
  return waitFor('the end of the job', async () => {
    const report = await host.readJob(uid, signal);
    return report !== undefined && report.job.state !== 'Running' && report.job.state !== 'Created' && report;
  });
}

/** Docker takes a while to return, and so does our connection. */
async function reboot(): Promise<void> {
  await sandbox.sandbox.faults('host-1').reboot();
  await waitFor(
    'Docker to be back',
    async () => (await host.observe(project, 'full', signal)).facts.dockerVersion !== undefined,
    { timeoutSeconds: 180 },
  );
}

describe('a job with a companion', () => {
  it('is gone without a trace once it is removed', async () => {
    await host.startJob(project, aJobWithCompanion('whole', project, sandbox.image), aFence(), signal);
    await ended('whole');
    expect((await remains('whole')).split('\n')).toHaveLength(3);
    await host.removeJob('whole', aFence(), signal);
    expect(await remains('whole')).toBe('');
  });

  it('that nobody finished to start is started from the beginning', async () => {
    const job = aJobWithCompanion('half', project, sandbox.image);
    await host.startJob(project, job, aFence(), signal);
    await ended('half');
    // As after a crash before the main container started: the companion has done its part, in a volume that
    // holds it.
    await onHost(
      'docker rm -f jtel-job-half; docker create --name jtel-job-half --label jtel.de/job-uid=half --label jtel.de/project=x registry.sandbox:5000/test/base:1 || true',
    );
    const before = await onHost('docker inspect -f "{{.Id}}" jtel-job-half-producer');
    await host.startJob(project, job, aFence(), signal);
    expect(await ended('half')).toMatchObject({ result: expect.stringMatching(/^600 canary/) });
    expect(await onHost('docker inspect -f "{{.Id}}" jtel-job-half-producer')).not.toBe(before);
    await host.removeJob('half', aFence(), signal);
  });

  it('whose main container never came leaves nothing behind once it is removed', async () => {
    await host.startJob(project, aJobWithCompanion('orphan', project, sandbox.image), aFence(), signal);
    await onHost('docker rm -f jtel-job-orphan');
    expect(await host.readJob('orphan', signal)).toBeUndefined();
    expect((await host.observe(project, 'full', signal)).jobs).toEqual([]);
    await host.removeJob('orphan', aFence(), signal);
    expect(await remains('orphan')).toBe('');
  });

  it('puts secrets nowhere but into its files', async () => {
    await host.startJob(project, aJobWithCompanion('secret', project, sandbox.image), aFence(), signal);
    const inspected = await onHost('docker inspect $(docker ps -aq --filter label=jtel.de/job-uid=secret)');
    expect(inspected).toContain('jtel-job-secret-producer');
    expect(inspected).not.toContain('canary');
    await host.removeJob('secret', aFence(), signal);
  });

  it('does not take the container of another job for its own', async () => {
    await host.startJob(project, aJob('a-producer', project, sandbox.image), aFence(), signal);
    await expect(
      host.startJob(project, aJobWithCompanion('a', project, sandbox.image), aFence(), signal),
    ).rejects.toMatchObject({ reason: 'JobFailed' });
    expect(await ended('a-producer')).toMatchObject({ job: { state: 'Succeeded' } });
    await host.removeJob('a-producer', aFence(), signal);
    expect(await remains('a')).toBe('');
  });
});

describe('a cancel', () => {
  it('asks the job to end before it is killed, and its companions after it', async () => {
    const told = `trap 'echo main >>/files/ends; exit 0' TERM; echo '{"progress":{"step":"working","percent":1}}'; while :; do sleep 0.1; done`;
    const other = `trap 'echo companion >>/files/ends; exit 0' TERM; while :; do sleep 0.1; done`;
    const files = [{ volume: `${project}_files`, target: '/files', readOnly: false }];
    const job = aJob('cancelled', project, sandbox.image, {
      command: ['sh', '-c', told],
      companions: [aCompanion(sandbox.image, { command: [other], volumes: files })],
    });
    await host.startJob(project, job, aFence(), signal);
    await waitFor(
      'the job to work',
      async () => (await host.readJob('cancelled', signal))?.progress?.step === 'working',
    );
    await host.removeJob('cancelled', aFence(), signal);
    expect(await onHost(`cat /var/lib/docker/volumes/${project}_files/_data/ends`)).toBe('main\ncompanion');
  });
});

describe('a reboot of the host', { timeout: 600_000 }, () => {
  it('in the middle of a job fails it, starts nothing of it again, and leaves nothing once it is removed', async () => {
    const job = aJobWithCompanion('rebooted', project, sandbox.image, { command: ['sleep', 'infinity'] });
    await host.startJob(project, job, aFence(), signal);
    await reboot();
    expect(await host.readJob('rebooted', signal)).toMatchObject({ job: { state: 'Failed' } });
    expect(await onHost('docker ps -q --filter label=jtel.de/job-uid=rebooted')).toBe('');
    // When started again, it is still the same job. Only its removal makes room for another try.
    await host.startJob(project, job, aFence(), signal);
    expect(await host.readJob('rebooted', signal)).toMatchObject({ job: { state: 'Failed' } });
    await host.removeJob('rebooted', aFence(), signal);
    expect(await remains('rebooted')).toBe('');
    await host.startJob(project, aJobWithCompanion('rebooted', project, sandbox.image), aFence(), signal);
    expect(await ended('rebooted')).toMatchObject({ job: { state: 'Succeeded' } });
    await host.removeJob('rebooted', aFence(), signal);
  });

  it('does not bring a stack back that was moved away', async () => {
    const release = aRelease(project, sandbox.image);
    const changed = (yaml: string) => yaml.replaceAll('init: true', 'init: true\n    restart: always');
    const restarting = {
      ...release,
      composeYaml: changed(release.composeYaml),
      start: { ...release.start, createYaml: changed(release.start.createYaml) },
    };
    await host.writeRelease(project, restarting, aFence(), signal);
    await host.composeUp(project, restarting, 'all', aFence(), signal);
    await host.markMoved(project, { address: 'new-host.example' }, aFence(), signal);
    await reboot();
    const seen = await host.observe(project, 'full', signal);
    expect(seen).toMatchObject({ containers: [], state: { moved: { address: 'new-host.example' } } });
    await expect(host.composeUp(project, restarting, 'all', aFence(), signal)).rejects.toMatchObject({
      reason: 'Moved',
    });
    expect(seen.volumes).toContain(`${project}_data`);
  });
});
