/**
 * Hosts that differ from the sandbox's usual ones in ways that people's machines do, with real sshd and
 * Docker.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createHostDriver } from '../../../host-driver/connect.ts';
import { openConsole } from '../../../host-driver/console/open.ts';
import type { Host, HostDriver, HostTarget } from '../../../host-driver/host.ts';
import { driverSandbox } from '../../support/driver-sandbox.ts';
import type { DriverSandbox } from '../../support/driver-sandbox.ts';
import { aFence, aJob, aRelease } from '../../support/host-builders.ts';
import { waitFor } from '../../support/wait.ts';

const signal = new AbortController().signal;
const nothing = (): void => undefined;
const project = 'jtel-demo-strange';
let sandbox: DriverSandbox;
let drivers: HostDriver[] = [];

function connect(target: HostTarget): Host {
  const driver = createHostDriver();
  drivers.push(driver);
  return driver.host(target);
}

beforeAll(async () => {
  sandbox = await driverSandbox('driver-strange', [
    { name: 'host-1' },
    { name: 'data-1', dataRootMiB: 1024 },
  ]);
});

afterEach(async () => {
  await Promise.all(drivers.map((driver) => driver.close()));
  drivers = [];
});

afterAll(() => sandbox.sandbox.down());

describe('a login shell that prints', () => {
  const profile = '/home/jtel/.bashrc';
  const says = (text: string) =>
    sandbox.onHost(
      'host-1',
      `cp -p ${profile} /root/bashrc; { echo '${text}'; cat /root/bashrc; } >${profile}`,
    );
  const saysNothing = () => sandbox.onHost('host-1', `cp -p /root/bashrc ${profile}`);

  it.each(['echo welcome', 'echo warning >&2', 'printf "no line end"', 'printf "HTTP/1.1\\r\\n\\r\\n{}\\n"'])(
    '(%s) is heard and changes nothing',
    async (text) => {
      const { image, credentials } = sandbox;
      await says(text);
      try {
        const host = connect(sandbox.target('host-1'));
        const release = aRelease(project, image);
        await host.claim(project, aFence(), signal);
        await host.setUp(project, { mode: 'Preinstalled' }, aFence(), signal);
        await host.writeRelease(project, release, aFence(), signal);
        await host.pull([image], credentials, nothing, signal);
        await host.composeUp(project, release, 'all', aFence(), signal);
        await host.record(
          project,
          { applied: { digest: release.digest, version: release.version } },
          aFence(),
          signal,
        );
        await host.startJob(project, aJob('strange', project, image), aFence(), signal);
        const seen = await host.observe(project, 'full', signal);
        expect(seen).toMatchObject({
          state: { epoch: 1, applied: { digest: release.digest } },
          currentRelease: release.digest,
        });
        expect(seen.containers.map(({ state }) => state)).toEqual(['running', 'running']);
        expect(seen.facts.loginNoise).toMatch(/welcome|warning|no line end|HTTP/);
        await host.removeJob('strange', aFence(), signal);

        const console = await openConsole(sandbox.target('host-1'), signal);
        const chunks: Buffer[] = [];
        const { PassThrough } = await import('node:stream');
        const stdout = new PassThrough().on('data', (chunk: Buffer) => chunks.push(chunk));
        const id = seen.containers[0]?.id ?? '';
        expect(
          await console.execute(
            id,
            ['sh', '-c', 'printf dump; exit 3'],
            { stdout, stderr: new PassThrough() },
            signal,
          ),
        ).toBe(3);
        expect(Buffer.concat(chunks).toString()).toBe('dump');
        await console.close();
        await host.destroy(project, aFence(), signal);
      } finally {
        await saysNothing();
      }
    },
  );

  it('also where the Docker API goes through the docker command', async () => {
    const conf = '/etc/ssh/sshd_config.d/05-no-sockets.conf';
    await says('printf "HTTP/1.1\\r\\n\\r\\n{}\\n"');
    await sandbox.onHost('host-1', `echo 'AllowStreamLocalForwarding no' >${conf}; pkill -HUP -o -x sshd`);
    try {
      const seen = await waitFor('sshd with its new settings', () =>
        connect(sandbox.target('host-1')).observe(project, 'full', signal).catch(nothing),
      );
      expect(seen).toMatchObject({
        facts: { dockerVersion: expect.any(String), machineID: expect.stringMatching(/^[0-9a-f]{32}$/) },
      });
      expect(seen?.state).toBeUndefined();
    } finally {
      await sandbox.onHost('host-1', `rm -f ${conf}; pkill -HUP -o -x sshd`);
      await saysNothing();
    }
  });

  it('and lets nobody run a command is quoted', async () => {
    await sandbox.onHost('host-1', 'usermod -s /usr/sbin/nologin jtel');
    try {
      const refused = {
        reason: 'HostUnreachable',
        message: expect.stringContaining('currently not available'),
      };
      await expect(connect(sandbox.target('host-1')).observe(project, 'quick', signal)).rejects.toMatchObject(
        refused,
      );
    } finally {
      await sandbox.onHost('host-1', 'usermod -s /bin/bash jtel');
    }
  });
});

describe('Docker with its data on another disk', () => {
  it('is asked where that is: the disk that fills up is the one that is told', async () => {
    const host = connect(sandbox.target('data-1'));
    for (const depth of ['full', 'quick'] as const) {
      const { facts } = await host.observe(project, depth, signal);
      expect(facts).toMatchObject({ dataRoot: '/srv/data/docker' });
      expect(facts.diskTotalBytes).toBeGreaterThan(800 * 2 ** 20);
      expect(facts.diskTotalBytes).toBeLessThan(1025 * 2 ** 20);
      expect(facts.imageDisk).toBeUndefined();
    }
    await sandbox.onHost('data-1', 'fallocate -l 500M /srv/data/fill');
    expect((await host.observe(project, 'quick', signal)).facts.diskFreeBytes).toBeLessThan(525 * 2 ** 20);
    await sandbox.onHost('data-1', 'rm /srv/data/fill');
  });

  it('and volumes on a third one: both are told', async () => {
    await sandbox.onHost('data-1', 'mount -t tmpfs -o size=64M none /srv/data/docker/volumes');
    try {
      const { facts } = await connect(sandbox.target('data-1')).observe(project, 'full', signal);
      expect(facts.diskTotalBytes).toBe(64 * 2 ** 20);
      expect(facts.imageDisk?.totalBytes).toBeGreaterThan(800 * 2 ** 20);
    } finally {
      await sandbox.onHost('data-1', 'umount /srv/data/docker/volumes');
    }
  });
});

describe('sshd that bans our address', () => {
  it('is told as that, is not asked by others meanwhile, and lets us in when the ban is over', async () => {
    const key = await sandbox.onHost(
      'host-1',
      'rm -f /tmp/other; ssh-keygen -q -t ed25519 -N "" -f /tmp/other; cat /tmp/other',
    );
    const refused = sandbox.target('host-1', { privateKey: `${key}\n` });
    const reasonOf = async (host: Host): Promise<unknown> => {
      const failure: unknown = await host.observe(project, 'quick', signal).catch((error: unknown) => error);
      return (failure as { reason?: unknown }).reason;
    };
    // The host records failures a moment after the client saw them, and may have counted some earlier ones.
    const reasons = new Set<unknown>();
    await waitFor('the ban', async () => reasons.add(await reasonOf(connect(refused))).has('AddressBanned'));
    expect([...reasons]).toEqual(['AuthenticationFailed', 'AddressBanned']);
    const driver = createHostDriver();
    drivers.push(driver);
    const banned = {
      reason: 'AddressBanned',
      message: expect.stringMatching(/PerSourcePenalties.*15 s.*10 min.*ends by itself/),
    };
    const drops = async () => {
      const log = await sandbox.sandbox.docker.tryRun(['logs', sandbox.sandbox.host('host-1').container]);
      return log.stderr.split('penalty: failed authentication').length - 1;
    };
    expect(await reasonOf(driver.host(sandbox.target('host-1')))).toBe('AddressBanned');
    const before = await drops();
    await expect(
      driver.host(sandbox.target('host-1')).observe(project, 'quick', signal),
    ).rejects.toMatchObject(banned);
    await expect(driver.host(refused).observe(project, 'quick', signal)).rejects.toMatchObject(banned);
    expect(await drops()).toBe(before);
    await waitFor(
      'the end of the ban',
      () => driver.host(sandbox.target('host-1')).observe(project, 'quick', signal).catch(nothing),
      { timeoutSeconds: 90 },
    );
  });
});
