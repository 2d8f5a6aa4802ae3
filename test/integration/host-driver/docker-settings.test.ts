/**
 * The settings that the set-up gives Docker: a real proxy (tinyproxy) with a password, and address ranges. On
 * Debian 13; the campaign `docker-versions` has the others.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHostDriver } from '../../../host-driver/connect.ts';
import type { HostSetup } from '../../../host-driver/host.ts';
import { debian, installPrograms } from '../../campaigns/docker-versions/programs.ts';
import { driverSandbox } from '../../support/driver-sandbox.ts';
import type { DriverSandbox } from '../../support/driver-sandbox.ts';
import { aFence, aJob, aRelease } from '../../support/host-builders.ts';
import { waitFor } from '../../support/wait.ts';

const signal = new AbortController().signal;
const nothing = (): void => undefined;
const project = 'jtel-demo-docker';
const password = "hunter2'canary%:x";
const encoded = encodeURIComponent(password).replaceAll("'", '%27');
const credentials = { username: 'jtel', password, version: 'uid/1' };
const proxy = {
  http: 'http://proxy-1.sandbox:8888',
  https: 'http://proxy-1.sandbox:8888/',
  noProxy: ['.direct.example', '10.9.0.0/16'],
  credentials,
};
const managed = (change: Partial<HostSetup> = {}): HostSetup => ({ mode: 'Managed', ...change });
const driver = createHostDriver();
const name = `debian-${debian}`;
let sandbox: DriverSandbox;

beforeAll(async () => {
  sandbox = await driverSandbox('driver-docker', [
    { name, debian },
    { name: 'proxy-1', kind: 'bare' },
  ]);
  await installPrograms(sandbox, name);
  const configuration = `Port 8888\nTimeout 600\nBasicAuth jtel ${password}\nLogFile "/var/log/tinyproxy/tinyproxy.log"\nLogLevel Connect\n`;
  await sandbox.onHost(
    'proxy-1',
    'apt-get update -qq && apt-get install -y -qq --no-install-recommends tinyproxy-bin >/dev/null && mkdir -p /var/log/tinyproxy',
  );
  await sandbox.onHost(
    'proxy-1',
    `cat >/etc/tinyproxy.conf <<'END'\n${configuration}END\ntinyproxy -c /etc/tinyproxy.conf`,
  );
});

afterAll(async () => {
  await driver.close();
  await sandbox.sandbox.down();
});

const proxied = () =>
  sandbox.onHost(
    'proxy-1',
    'grep -c "Request.*registry.sandbox:5000" /var/log/tinyproxy/tinyproxy.log || true',
  );

describe(`on ${name}`, () => {
  const running = () =>
    sandbox.onHost(
      name,
      `docker ps -q --filter label=com.docker.compose.project=${project} | xargs docker inspect -f '{{.Id}} {{.State.Pid}} {{.State.StartedAt}}' | sort`,
    );
  const settings = () => sandbox.onHost(name, 'cat /etc/docker/daemon.json');
  const onHost = () => driver.host(sandbox.target(name));
  const jobSays = async (uid: string) => {
    const job = aJob(uid, project, sandbox.image, {
      command: ['sh', '-c', 'echo "{\\"result\\":$(cat /run/job/proxy.json || echo null)}"'],
    });
    await onHost().startJob(project, job, aFence(), signal);
    const report = await waitFor('the job to end', async () => {
      const seen = await onHost().readJob(uid, signal);
      return seen?.job.state === 'Succeeded' && seen;
    });
    return report.result;
  };

  it('networks come from the pools given, and the file of Docker’s settings keeps what others wrote', async () => {
    const before = await settings();
    await onHost().claim(project, aFence(), signal);
    const docker = { bridgeAddress: '10.210.0.1/24', addressPools: [{ base: '10.211.0.0/16', size: 24 }] };
    await onHost().setUp(project, managed({ docker }), aFence(), signal);
    expect(JSON.parse(await settings())).toEqual({
      ...(JSON.parse(before) as object),
      bip: '10.210.0.1/24',
      'default-address-pools': [{ base: '10.211.0.0/16', size: 24 }],
    });
    await sandbox.onHost(name, 'docker network create probe');
    const { facts } = await onHost().observe(project, 'full', signal);
    expect(facts.bridges).toEqual([
      { name: 'bridge', subnet: '10.210.0.0/24' },
      { name: 'probe', subnet: '10.211.0.0/24' },
    ]);
    await sandbox.onHost(name, 'docker network rm probe');
    // A second time changes nothing. Without them the file is as it was.
    const with1 = await settings();
    await onHost().setUp(project, managed({ docker, timeZone: 'Etc/UTC' }), aFence(), signal);
    expect(await settings()).toBe(with1);
    await onHost().setUp(project, managed({ docker: {} }), aFence(), signal);
    expect(JSON.parse(await settings())).toEqual(JSON.parse(before));
  });

  it('settings that somebody else made are not overwritten', async () => {
    const before = await settings();
    await sandbox.onHost(
      name,
      `cp -p /etc/docker/daemon.json /root/; sed -i '1s|{|{ "bip": "172.31.0.1/24",|' /etc/docker/daemon.json`,
    );
    const docker = { bridgeAddress: '10.210.0.1/24' };
    await expect(onHost().setUp(project, managed({ docker }), aFence(), signal)).rejects.toMatchObject({
      reason: 'HostSetupFailed',
      message: expect.stringContaining('has bip already'),
    });
    await sandbox.onHost(name, 'cp -p /root/daemon.json /etc/docker/daemon.json');
    expect(await settings()).toBe(before);
  });

  it('images come through the proxy, jobs get it, containers run on, and the password is nowhere to be read', async () => {
    const { image, credentials: registry } = sandbox;
    const address = (await sandbox.onHost(name, 'getent hosts registry.sandbox')).split(/\s/)[0];
    const wall = (hook: string) =>
      `chain ${hook} { type filter hook ${hook} priority -10; ip daddr ${address} tcp dport 5000 reject\n}\n`;
    await onHost().pull([image], registry, nothing, signal);
    const release = aRelease(project, image);
    await onHost().writeRelease(project, release, aFence(), signal);
    await onHost().composeUp(project, release, 'all', aFence(), signal);
    const before = await running();
    const other = await sandbox.sandbox.registry.push('jtel-sandbox/node:24', `test/node-${name}`, '1');
    await sandbox.onHost(name, `nft 'table inet wall { ${wall('output')} ${wall('forward')} }'`);
    await expect(onHost().pull([other], registry, nothing, signal)).rejects.toMatchObject({
      reason: 'RegistryUnreachable',
    });
    expect(await jobSays(`direct-${name}`)).toBeNull();

    const asked = Number(await proxied());
    await onHost().setUp(project, managed({ proxy }), aFence(), signal);
    await onHost().pull([other], registry, nothing, signal);
    expect(Number(await proxied())).toBeGreaterThan(asked);
    expect(await running()).toBe(before);

    const through = `http://jtel:${encoded}@proxy-1.sandbox:8888`;
    expect(await jobSays(`proxied-${name}`)).toEqual({
      HTTP_PROXY: through,
      HTTPS_PROXY: through,
      NO_PROXY: 'localhost,127.0.0.1,::1,.direct.example,10.9.0.0/16',
    });
    const readable = await sandbox.onHost(
      name,
      `docker inspect $(docker ps -aq); docker info; cat /opt/jtel/${project}/*.log /opt/jtel/${project}/state.json /etc/default/docker; ls -l /opt/jtel/${project}`,
    );
    expect(readable).not.toContain('hunter2');
    expect(await sandbox.onHost(name, 'su jtel -c "cat /opt/jtel/.proxy.env" 2>&1 || true')).toContain(
      'Permission denied',
    );

    await onHost().setUp(project, managed(), aFence(), signal);
    await sandbox.onHost(name, `docker rmi -f $(docker images -q ${other.repository})`);
    await expect(onHost().pull([other], registry, nothing, signal)).rejects.toMatchObject({
      reason: 'RegistryUnreachable',
    });
    expect(await running()).toBe(before);
    expect(await jobSays(`again-${name}`)).toBeNull();
    await sandbox.onHost(name, 'nft delete table inet wall');
  });

  it('a proxy that the host itself has is handed to jobs as well', async () => {
    await sandbox.onHost(
      name,
      'echo "export HTTPS_PROXY=\'http://own:secret@own.example:3128\' NO_PROXY=intra.example" >>/etc/default/docker; service docker restart',
    );
    // The restart closes the sockets that were open. The first question notices that.
    await waitFor(
      'Docker',
      async () =>
        (await onHost().observe(project, 'full', signal).catch(nothing))?.facts.dockerVersion !== undefined,
    );
    expect(await jobSays(`own-${name}`)).toEqual({
      HTTPS_PROXY: 'http://own:secret@own.example:3128',
      NO_PROXY: 'intra.example',
    });
  });
});
