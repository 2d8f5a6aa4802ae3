/** What can be wrong on a real host – no Docker, no disk, no sudo – and what becomes of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHostDriver } from '../../../host-driver/connect.ts';
import { driverSandbox } from '../../support/driver-sandbox.ts';
import type { DriverSandbox } from '../../support/driver-sandbox.ts';
import { aFence, aFile, aRelease } from '../../support/host-builders.ts';
import { waitFor } from '../../support/wait.ts';

const signal = new AbortController().signal;
const nothing = (): void => undefined;
const project = 'jtel-demo-host';
const driver = createHostDriver();
let sandbox: DriverSandbox;

beforeAll(async () => {
  sandbox = await driverSandbox('driver-host', [
    { name: 'host-1' },
    { name: 'bare-1', kind: 'bare' },
    { name: 'small-1', diskMiB: 600 },
  ]);
});

afterAll(async () => {
  await driver.close();
  await sandbox.sandbox.down();
});

describe('a container that ends at once', () => {
  it('says why, before compose says that it did', async () => {
    const host = driver.host(sandbox.target('host-1'));
    const { image, credentials } = sandbox;
    const failing = `${project}-ends`;
    await host.claim(failing, aFence(), signal);
    const dbCommand =
      'echo starting; printf "\\033[31mcannot open ibdata1\\033[0m: permission denied for a password\\n" >&2; exit 3';
    const release = aRelease(failing, image, { dbCommand });
    await host.writeRelease(failing, release, aFence(), signal);
    await host.pull([image], credentials, nothing, signal);
    const refusal: unknown = await host
      .composeUp(failing, release, 'all', aFence(), signal)
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ reason: 'ComposeFailed' });
    const { message } = refusal as Error;
    expect(message).toMatch(
      /db ended with exit code 3; its last lines:\n(.*\n)*.*cannot open ibdata1\[0m: permission denied for \*\*\*\n(.*\n)*docker compose said:\n(.*\n)*.*db is (exited|restarting)/,
    );
    expect(message.length).toBeLessThan(2000);
    await host.destroy(failing, aFence(), signal);
  });
});

describe('a host without Docker', () => {
  it('is observed all the same', async () => {
    const seen = await driver.host(sandbox.target('bare-1')).observe(project, 'full', signal);
    expect(seen.facts).toMatchObject({ osID: 'debian', osVersion: '13', canSudo: true });
    expect(seen.facts).not.toHaveProperty('dockerVersion');
    expect(seen).toMatchObject({ containers: [], jobs: [], volumes: [] });
  });

  it('says so to everything that needs it', async () => {
    const host = driver.host(sandbox.target('bare-1'));
    const { image } = sandbox;
    await host.claim(project, aFence(), signal);
    await host.writeRelease(project, aRelease(project, image), aFence(), signal);
    const reason = { reason: 'DockerUnavailable' };
    await expect(host.pull([image], [], nothing, signal)).rejects.toMatchObject(reason);
    await expect(
      host.composeUp(project, aRelease(project, image), 'all', aFence(), signal),
    ).rejects.toMatchObject(reason);
    await expect(host.composeStop(project, aFence(), signal)).rejects.toMatchObject(reason);
    await expect(host.readJob('job-1', signal)).rejects.toMatchObject(reason);
  });

  it('is not set up when it is said to be set up already', async () => {
    const host = driver.host(sandbox.target('bare-1'));
    await expect(host.setUp(project, { mode: 'Preinstalled' }, aFence(), signal)).rejects.toMatchObject({
      reason: 'HostSetupFailed',
      message: expect.stringContaining('bootstrap: Managed'),
    });
    expect((await host.observe(project, 'quick', signal)).state).not.toHaveProperty('setupDigest');
  });

  it('gets it by the set-up, and runs a stack then; the second set-up changes nothing', async () => {
    const host = driver.host(sandbox.target('bare-1'));
    const { image, credentials } = sandbox;
    const dns = {
      nameservers: [],
      searchDomains: [],
      hosts: [{ ip: '192.0.2.7', names: ['trunk.example', 'pbx'] }],
    };
    const setup = { mode: 'Managed', timeZone: 'Europe/Berlin', dns } as const;
    await sandbox.onHost(
      'bare-1',
      'mkdir -p /etc/docker && echo \'{ "insecure-registries": ["registry.sandbox:5000"] }\' >/etc/docker/daemon.json',
    );
    await host.setUp(project, setup, aFence(), signal);
    const seen = await host.observe(project, 'full', signal);
    expect(seen.facts).toMatchObject({
      dockerVersion: expect.any(String),
      composeVersion: expect.any(String),
      timeZone: 'Europe/Berlin',
    });
    expect(await sandbox.onHost('bare-1', 'grep -c "^192.0.2.7 trunk.example pbx$" /etc/hosts')).toMatch(
      /^1/,
    );
    expect(await sandbox.onHost('bare-1', 'id -nG jtel')).toContain('docker');
    await host.setUp(project, setup, aFence(), signal);
    expect(await sandbox.onHost('bare-1', `cat /opt/jtel/${project}/setup.log`)).toBe('jtel set-up: done');
    const release = aRelease(project, image);
    await host.writeRelease(project, release, aFence(), signal);
    await host.pull([image], credentials, nothing, signal);
    await host.composeUp(project, release, 'all', aFence(), signal);
    expect((await host.observe(project, 'quick', signal)).containers).toHaveLength(2);
    await host.setUp(project, { mode: 'Managed' }, aFence(), signal);
    expect(await sandbox.onHost('bare-1', 'grep -c jtel /etc/hosts || true')).toMatch(/^0/);
    await host.destroy(project, aFence(), signal);
  }, 300_000);
});

describe('a release that a driver of the version before shipped', () => {
  it('counts as not there. Shipped again it is started, and no container is replaced', async () => {
    const host = driver.host(sandbox.target('host-1'));
    const { image, credentials } = sandbox;
    const old = `${project}-old`;
    const release = aRelease(old, image);
    await host.claim(old, aFence(), signal);
    await host.pull([image], credentials, nothing, signal);
    await host.writeRelease(old, release, aFence(), signal);
    // As that driver left it. It gave compose a file beside the releases, and summed only compose.yaml of a
    // release.
    await sandbox.onHost(
      'host-1',
      `cd /opt/jtel/${old} && cp releases/${release.digest}/create.yaml .create.yaml &&
       docker compose -p ${old} -f .create.yaml up -d --wait && ln -s releases/${release.digest} current &&
       cd current && rm create.yaml create-old-docker.yaml starts.list && sed -i 2,4d sum && wc -l <sum`,
    );
    const before = await host.observe(old, 'full', signal);
    expect(before).toMatchObject({ releases: [], changed: [] });
    const ids = (seen: typeof before) => seen.containers.map(({ id, state }) => `${state} ${id}`).toSorted();
    expect(ids(before)).toHaveLength(2);

    await expect(host.composeUp(old, release, 'all', aFence(), signal)).rejects.toThrow(
      'has no starts.list: observe again',
    );
    await host.writeRelease(old, release, aFence(), signal);
    await host.composeUp(old, release, 'all', aFence(), signal);
    const after = await host.observe(old, 'full', signal);
    expect(ids(after)).toEqual(ids(before));
    expect(after).toMatchObject({ releases: [release.digest], changed: [] });
    await sandbox.onHost('host-1', `echo '#' >>/opt/jtel/${old}/current/create.yaml`);
    expect((await host.observe(old, 'full', signal)).changed).toEqual(['create.yaml']);
    await host.prune(old, [], aFence(), signal);
    expect(await sandbox.onHost('host-1', `ls -A /opt/jtel/${old} | grep create || true`)).toBe('');
    await host.destroy(old, aFence(), signal);
  });
});

describe('a start that waits for what never comes', () => {
  const waiting = 'jtel-demo-waiting';
  /** Its database is asked a thousand times, each quarter of a second, before it is unhealthy. */
  const longBeforeItGivesUp = (): AbortSignal => AbortSignal.timeout(60_000);

  it('makes way for whoever wants the host next, also when nobody listens to it any more', async () => {
    const host = driver.host(sandbox.target('host-1'));
    const { image, credentials } = sandbox;
    const never = aRelease(waiting, image, { dbHealth: 'never' });
    const mended = aRelease(waiting, image);
    await host.claim(waiting, aFence(), signal);
    await host.pull([image], credentials, nothing, signal);
    await host.writeRelease(waiting, never, aFence(), signal);
    const unwanted = new AbortController();
    const first = host.composeUp(waiting, never, 'all', aFence(), unwanted.signal);
    first.catch(nothing); // checked below
    await waitFor('the database to start', async () =>
      (await host.observe(waiting, 'quick', signal)).containers.some(
        ({ service, health }) => service === 'db' && health === 'starting',
      ),
    );
    unwanted.abort(new Error('the spec changed'));
    await expect(first).rejects.toThrow('the spec changed');

    await host.writeRelease(waiting, mended, aFence(), longBeforeItGivesUp());
    await host.composeUp(waiting, mended, 'all', aFence(), signal);
    expect((await host.observe(waiting, 'quick', signal)).containers.map(({ state }) => state)).toEqual([
      'running',
      'running',
    ]);

    await host.composeStop(waiting, aFence(), signal);
    let isOver = false;
    const patient = new AbortController();
    const second = host
      .composeUp(waiting, never, 'all', aFence(), patient.signal)
      .finally(() => (isOver = true));
    second.catch(nothing); // checked below
    const started = 'docker ps --filter health=starting --format "{{.Names}}"';
    await waitFor('the database to start', async () =>
      (await sandbox.onHost('host-1', started)).includes(waiting),
    );
    await host.record(
      waiting,
      { applied: { digest: never.digest, version: never.version } },
      aFence(),
      longBeforeItGivesUp(),
    );
    expect(isOver).toBe(false);
    patient.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
    await host.destroy(waiting, aFence(), signal);
  });
});

describe('a registry', () => {
  it.each([
    ['no password', undefined],
    ['a wrong password', 'canary-password'],
  ])('that gets %s refuses, and the message shows none', async (_what, password) => {
    const { image, credentials } = sandbox;
    await sandbox.onHost(
      'host-1',
      `docker image rm -f ${image.repository}@${image.digest} >/dev/null 2>&1 || true`,
    );
    const given = password === undefined ? [] : credentials.map((login) => ({ ...login, password }));
    const failure: unknown = await driver
      .host(sandbox.target('host-1'))
      .pull([image], given, nothing, signal)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({
      reason: 'RegistryRefused',
      message: expect.stringContaining(image.repository),
    });
    expect(String(failure)).not.toContain('canary-password');
  });

  it('is asked with the logins that hold for the image, in turn, however their keys are spelled', async () => {
    const { image, credentials } = sandbox;
    await sandbox.onHost(
      'host-1',
      `docker image rm -f ${image.repository}@${image.digest} >/dev/null 2>&1 || true`,
    );
    const [right] = credentials;
    const host = driver.host(sandbox.target('host-1'));
    const elsewhere = { registry: 'other.example', username: 'x', password: 'canary-password' };
    const asDocker = { ...elsewhere, ...right, registry: `https://${right?.registry}/v2/` };
    const replaced = { ...asDocker, registry: image.repository, password: 'canary-password' };
    await expect(host.pull([image], [elsewhere], nothing, signal)).rejects.toMatchObject({
      reason: 'RegistryRefused',
    });
    await host.pull([image], [elsewhere, asDocker, replaced], nothing, signal);
    expect(
      await sandbox.onHost(
        'host-1',
        `docker image inspect -f '{{len .RepoDigests}}' ${image.repository}@${image.digest}`,
      ),
    ).toBe('1');
  });

  it('that cannot be reached is told from one that refuses', async () => {
    const image = { ...sandbox.image, repository: 'nowhere.invalid:5000/test/base' };
    await expect(
      driver.host(sandbox.target('host-1')).pull([image], [], nothing, signal),
    ).rejects.toMatchObject({ reason: 'RegistryUnreachable' });
  });

  it('leaves no password on the host', async () => {
    const { image, credentials } = sandbox;
    await driver.host(sandbox.target('host-1')).pull([image], credentials, nothing, signal);
    const places = '/opt/jtel /root /home /etc /var/lib/docker/containers /var/log /tmp';
    expect(
      await sandbox.onHost(
        'host-1',
        `grep -rlF -e '${credentials[0]?.password}' ${places} 2>/dev/null || true`,
      ),
    ).toBe('');
  });
});

describe('a host whose disk is full', () => {
  it('says so to each step, and goes on when there is space again', async () => {
    const host = driver.host(sandbox.target('small-1'));
    const { image, credentials } = sandbox;
    const release = aRelease(project, image, { files: [aFile('x'.repeat(4 * 2 ** 20))] });
    await host.claim(project, aFence(), signal);
    const faults = sandbox.sandbox.faults('small-1');
    await faults.fill();
    const full = { reason: 'DiskFull', message: expect.stringContaining('small-1') };
    const reason = { reason: full.reason };
    await expect(host.writeRelease(project, release, aFence(), signal)).rejects.toMatchObject(reason);
    await expect(host.record(project, { data: { source: 'x' } }, aFence(), signal)).rejects.toMatchObject(
      reason,
    );
    await expect(host.pull([image], credentials, nothing, signal)).rejects.toMatchObject(reason);
    const seen = await host.observe(project, 'full', signal);
    expect(seen.facts.diskFreeBytes).toBeLessThan(2 ** 20);
    expect(seen.state).toMatchObject({ epoch: 1 });
    expect(seen.releases).toEqual([]);
    await faults.free();
    await host.writeRelease(project, release, aFence(), signal);
    await host.pull([image], credentials, nothing, signal);
    await host.composeUp(project, release, 'all', aFence(), signal);
    expect((await host.observe(project, 'quick', signal)).releases).toEqual([release.digest]);
    expect(await sandbox.onHost('small-1', `ls -A /opt/jtel/${project} | grep -c incoming || true`)).toBe(
      '0',
    );
    await host.destroy(project, aFence(), signal);
  });
});

describe('a host', () => {
  it('where sudo is refused says so', async () => {
    await sandbox.onHost('host-1', 'mv /etc/sudoers.d/jtel /root/sudoers.jtel');
    try {
      const stranger = createHostDriver();
      const host = stranger.host(sandbox.target('host-1'));
      expect((await host.observe(project, 'full', signal)).facts.canSudo).toBe(false);
      await expect(host.claim(project, aFence(), signal)).rejects.toMatchObject({
        reason: 'SudoRefused',
        message: expect.stringContaining('without a password'),
      });
      await stranger.close();
    } finally {
      await sandbox.onHost('host-1', 'mv /root/sudoers.jtel /etc/sudoers.d/jtel');
    }
  });

  it('that is Preinstalled needs no sudo if /opt/jtel belongs to the user', async () => {
    await sandbox.onHost('host-1', 'mv /etc/sudoers.d/jtel /root/sudoers.jtel; chown -R jtel /opt/jtel');
    try {
      const stranger = createHostDriver();
      const host = stranger.host(sandbox.target('host-1'));
      const { image, credentials } = sandbox;
      const release = aRelease(project, image);
      await host.claim(project, aFence(), signal);
      await host.setUp(project, { mode: 'Preinstalled' }, aFence(), signal);
      await host.writeRelease(project, release, aFence(), signal);
      await host.pull([image], credentials, nothing, signal);
      await host.composeUp(project, release, 'all', aFence(), signal);
      expect((await host.observe(project, 'quick', signal)).containers.map(({ state }) => state)).toEqual([
        'running',
        'running',
      ]);
      await host.destroy(project, aFence(), signal);
      await stranger.close();
    } finally {
      await sandbox.onHost('host-1', 'mv /root/sudoers.jtel /etc/sudoers.d/jtel; chown -R root /opt/jtel');
    }
  });

  it('keeps secrets for root, and compose files too', async () => {
    const host = driver.host(sandbox.target('host-1'));
    const { image } = sandbox;
    const release = aRelease(project, image);
    await host.claim(project, aFence(), signal);
    await host.writeRelease(project, release, aFence(), signal);
    const modes = await sandbox.onHost(
      'host-1',
      `cd /opt/jtel/${project}; stat -c '%a %U' files/${release.files[0]?.name} releases/*/*.yaml`,
    );
    expect(modes.trim().split('\n')).toEqual(Array(4).fill('600 root'));
    await host.destroy(project, aFence(), signal);
    expect(await sandbox.onHost('host-1', `ls -d /opt/jtel/${project} 2>/dev/null || true`)).toBe('');
  });

  it('that is not the machine that was claimed is not changed', async () => {
    const host = driver.host(sandbox.target('host-1'));
    await host.claim(project, aFence(), signal);
    await sandbox.onHost(
      'host-1',
      'cp /etc/machine-id /root/machine-id; echo 00000000000000000000000000000001 >/etc/machine-id',
    );
    await expect(host.prune(project, [], aFence(), signal)).rejects.toMatchObject({
      reason: 'MachineChanged',
    });
    await sandbox.onHost('host-1', 'cp /root/machine-id /etc/machine-id');
    await host.destroy(project, aFence(), signal);
  });

  it('lets two steps at the same time take turns', async () => {
    const [one, two] = [createHostDriver(), createHostDriver()];
    const { image, credentials } = sandbox;
    const hosts = [one, two].map((each) => each.host(sandbox.target('host-1')));
    const release = aRelease(project, image);
    await Promise.all(hosts.map((host) => host.claim(project, aFence(), signal)));
    await Promise.all(hosts.map((host) => host.writeRelease(project, release, aFence(), signal)));
    await Promise.all(hosts.map((host) => host.pull([image], credentials, nothing, signal)));
    await Promise.all(hosts.map((host) => host.composeUp(project, release, 'all', aFence(), signal)));
    expect(
      (await one.host(sandbox.target('host-1')).observe(project, 'quick', signal)).containers,
    ).toHaveLength(2);
    await one.host(sandbox.target('host-1')).destroy(project, aFence(), signal);
    await Promise.all([one.close(), two.close()]);
  });
});
