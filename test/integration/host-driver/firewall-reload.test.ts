/**
 * Somebody reloads the host's own firewall, on each Debian: the rules that it removes come back, and nothing
 * stops meanwhile.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHostDriver } from '../../../host-driver/connect.ts';
import type { FirewallRules } from '../../../host-driver/host.ts';
import { driverSandbox } from '../../support/driver-sandbox.ts';
import type { DriverSandbox } from '../../support/driver-sandbox.ts';
import { aFence, aRelease } from '../../support/host-builders.ts';

const signal = new AbortController().signal;
const nothing = (): void => undefined;
const project = 'jtel-demo-flush';
const firewall: FirewallRules = {
  sshPort: 22,
  admin: [],
  web: [],
  sip: [],
  ports: [{ group: 'web', protocol: 'tcp', from: 8080, to: 8080 }],
};
const driver = createHostDriver();
let sandbox: DriverSandbox;

beforeAll(async () => {
  sandbox = await driverSandbox('driver-flush', [
    { name: 'debian-12', debian: 12 },
    { name: 'debian-13', debian: 13 },
  ]);
});

afterAll(async () => {
  await driver.close();
  await sandbox.sandbox.down();
});

describe.each(['debian-12', 'debian-13'])('on %s', (name) => {
  const running = () =>
    sandbox.onHost(
      name,
      `docker ps -q --filter label=com.docker.compose.project=${project} | xargs docker inspect -f '{{.Id}} {{.State.Pid}} {{.State.StartedAt}}' | sort`,
    );
  const publishes = async () =>
    (await sandbox.onHost(name, 'nft list table ip nat 2>/dev/null || true')).includes('tcp dport 8080');
  const changed = async () =>
    (await driver.host(sandbox.target(name)).observe(project, 'full', signal)).changed;

  it('the file of the service nftables does no harm after the set-up', async () => {
    const host = driver.host(sandbox.target(name));
    const { image, credentials } = sandbox;
    const release = aRelease(project, image, { webPorts: ['8080:80'] });
    await host.claim(project, aFence(), signal);
    await host.setUp(project, { mode: 'Managed', firewall }, aFence(), signal);
    await host.writeRelease(project, release, aFence(), signal);
    await host.pull([image], credentials, nothing, signal);
    await host.composeUp(project, release, 'all', aFence(), signal);
    expect(await publishes()).toBe(true);
    await sandbox.onHost(name, 'nft -f /etc/nftables.conf && nft -f /etc/nftables.conf');
    expect(await sandbox.onHost(name, 'nft list tables')).toContain('table inet filter');
    expect(await publishes()).toBe(true);
    expect(await changed()).toEqual([]);
  });

  it('a file that somebody wrote himself is left alone', async () => {
    const host = driver.host(sandbox.target(name));
    const own = '#!/usr/sbin/nft -f\nflush ruleset\ntable inet own { }\n';
    await sandbox.onHost(name, `cp -p /etc/nftables.conf /root/; printf '${own}' >/etc/nftables.conf`);
    await host.setUp(project, { mode: 'Managed', firewall }, aFence(), signal);
    expect(`${await sandbox.onHost(name, 'cat /etc/nftables.conf')}\n`).toBe(own);
    expect(await sandbox.onHost(name, `cat /opt/jtel/${project}/setup.log`)).toContain(
      '/etc/nftables.conf has "flush ruleset"',
    );
    await sandbox.onHost(name, 'cp -p /root/nftables.conf /etc/nftables.conf');
  });

  it('rules that were flushed are seen, and come back without a container being stopped', async () => {
    const host = driver.host(sandbox.target(name));
    const { image } = sandbox;
    const [before, settings] = [await running(), await sandbox.onHost(name, 'cat /etc/docker/daemon.json')];
    expect(before.split('\n')).toHaveLength(2);
    await sandbox.onHost(name, 'nft flush ruleset');
    expect(await changed()).toEqual(['firewall', 'docker-rules']);
    await host.setUp(project, { mode: 'Managed', firewall }, aFence(), signal);
    expect(await changed()).toEqual([]);
    expect(await publishes()).toBe(true);
    expect(await running()).toBe(before);
    expect(await sandbox.onHost(name, 'cat /etc/docker/daemon.json')).toBe(settings);
    expect(await sandbox.onHost(name, "docker info --format '{{.LiveRestoreEnabled}}'")).toBe('false');
    // This failed in the middle of an update: a container with a published port starts.
    const release = aRelease(project, image, { webPorts: ['8080:80'], webSetting: 'two' });
    await host.writeRelease(project, release, aFence(), signal);
    await host.composeUp(project, release, 'all', aFence(), signal);
    expect(await publishes()).toBe(true);
  });
});
