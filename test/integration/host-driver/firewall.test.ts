/** The firewall of a real host: what it lets in, and what becomes of one that would lock us out. */
import { connect as tcpConnect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHostDriver } from '../../../host-driver/connect.ts';
import type { FirewallRules } from '../../../host-driver/host.ts';
import { driverSandbox } from '../../support/driver-sandbox.ts';
import type { DriverSandbox } from '../../support/driver-sandbox.ts';
import { aFence } from '../../support/host-builders.ts';
import { waitFor } from '../../support/wait.ts';

const signal = new AbortController().signal;
const project = 'jtel-demo-firewall';
const driver = createHostDriver({ firewallRollbackSeconds: 30 });
let sandbox: DriverSandbox;

beforeAll(async () => {
  sandbox = await driverSandbox('driver-firewall', [{ name: 'host-1' }]);
});

afterAll(async () => {
  await driver.close();
  await sandbox.sandbox.down();
});

function answers(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = tcpConnect({ host: address, port, timeout: 1500 });
    const end = (answer: boolean) => (socket.destroy(), resolve(answer));
    socket
      .once('connect', () => end(true))
      .once('error', () => end(false))
      .once('timeout', () => end(false));
  });
}

describe('a firewall', () => {
  const rules = (change: Partial<FirewallRules> = {}): FirewallRules => ({
    sshPort: 22,
    admin: [],
    web: [],
    sip: [],
    ports: [{ group: 'web', protocol: 'tcp', from: 2223, to: 2223 }],
    ...change,
  });

  it('lets in what is allowed, also to published ports, and nothing else', async () => {
    const host = driver.host(sandbox.target('host-1'));
    const { address } = sandbox.target('host-1');
    await sandbox.onHost('host-1', '/usr/sbin/sshd -p 2222; /usr/sbin/sshd -p 2223');
    // sshd listens after it went into the background.
    for (const port of [2222, 2223]) await waitFor(`port ${port}`, () => answers(address, port));
    await host.claim(project, aFence(), signal);
    await host.setUp(project, { mode: 'Preinstalled', firewall: rules() }, aFence(), signal);
    expect(await answers(address, 2222)).toBe(false);
    for (const port of [2223, 22]) await waitFor(`port ${port}`, () => answers(address, port));
    await host.setUp(
      project,
      { mode: 'Preinstalled', firewall: rules({ web: ['192.0.2.0/24', '2001:db8::/32'] }) },
      aFence(),
      signal,
    );
    expect(await answers(address, 2223)).toBe(false);
    const table = await sandbox.onHost('host-1', 'nft list table inet jtel');
    expect(table).toContain('192.0.2.0/24');
    expect(await sandbox.onHost('host-1', 'ls /opt/jtel/.firewall')).toBe('confirmed.nft\nlive');
  });

  it('that would lock the operator out is taken back by the host itself', { timeout: 300_000 }, async () => {
    const host = driver.host(sandbox.target('host-1'));
    const lockedOut = rules({ admin: ['192.0.2.1/32'] });
    await expect(
      host.setUp(project, { mode: 'Preinstalled', firewall: lockedOut }, aFence(), signal),
    ).rejects.toMatchObject({ reason: 'HostUnreachable' });
    const seen = await waitFor('the host to open itself again', () => host.observe(project, 'full', signal), {
      timeoutSeconds: 180,
    });
    expect(seen.state?.setupDigest).toBeDefined();
    expect(await sandbox.onHost('host-1', 'nft list table inet jtel')).not.toContain('192.0.2.1');
  });
});
