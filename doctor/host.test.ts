/** The host of a stack, played by an SSH server in this process that does what a real one seldom does. */
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { readOnlyDriver } from '../controllers/hosts/read-only.ts';
import { aStack } from '../controllers/stack/testing.ts';
import { createHostDriver } from '../host-driver/connect.ts';
import type { HostDriver, HostTarget } from '../host-driver/host.ts';
import { startTestingServer } from '../host-driver/ssh/testing-server.ts';
import { MemoryCluster } from '../runtime/fake/memory-cluster.ts';
import { secrets } from '../runtime/index.ts';
import { examine } from './examine.ts';
import { hostExamination } from './host.ts';
import { overlaid } from './read/overlay.ts';
import { checks } from './checks.ts';

const { signal } = new AbortController();
const drivers: HostDriver[] = [];
afterEach(async () => void (await Promise.all(drivers.splice(0).map((driver) => driver.close()))));

async function examined(
  target: HostTarget,
  change: Partial<HostTarget> = {},
): Promise<Record<string, string>> {
  const { address, port, user, hostKeyFingerprints, privateKey } = { ...target, ...change };
  const cluster = new MemoryCluster();
  const key = { 'ssh-privatekey': Buffer.from(privateKey).toString('base64') };
  await cluster.create(secrets, { metadata: { namespace: 'acme', name: 'ssh' }, data: key }, { signal });
  const driver = readOnlyDriver(createHostDriver());
  drivers.push(driver);
  const host = {
    address,
    port,
    user,
    hostKeyFingerprints,
    sshSecretRef: { name: 'ssh' },
    bootstrap: 'Managed',
  } as const;
  const subject = {
    stack: aStack({ host }),
    cluster: overlaid(cluster, []),
    driver,
    asker: 'Person',
    now: () => new Date(),
  } as const;
  const found = await examine([hostExamination(subject, Promise.resolve(undefined))], {
    signal,
    seconds: 20,
  });
  expect(found.every(({ seen, next = '' }) => !/[\p{Cc}]/u.test(seen + next))).toBe(true);
  expect(found).toHaveLength(checks.filter(({ group }) => group === 'Host').length);
  return Object.fromEntries(found.map(({ check, verdict, seen }) => [check, `${verdict}: ${seen}`]));
}

describe('a host', () => {
  it('that refuses the key is asked once, and nothing else is tried', async () => {
    await using ssh = await startTestingServer({ refuses: true });
    const found = await examined(ssh.target);
    expect(found).toMatchObject({
      'host-reachable': expect.stringMatching(/^Ok/),
      'host-key': expect.stringMatching(/^Ok/),
      'host-login': expect.stringMatching(/^Failed: .*refuses the SSH key/),
      sudo: expect.stringMatching(/^Skipped/),
    });
    expect(ssh.counts).toEqual({ connections: 1, logins: 0 });
    expect(ssh.commands).toEqual([]);
  });

  it('that is another machine gets nothing', async () => {
    await using ssh = await startTestingServer({});
    const found = await examined(ssh.target, { hostKeyFingerprints: [`SHA256:${'A'.repeat(43)}`] });
    expect(found['host-key']).toMatch(/^Failed: .*pinned is SHA256:A+/);
    expect(found['host-login']).toMatch(/^Skipped/);
    expect(ssh.commands).toEqual([]);
  });

  it('whose shell runs nothing is told, without what would move the cursor', async () => {
    await using ssh = await startTestingServer({ runsNothing: true, shellSays: '\u001b[2Jno shell here\n' });
    expect((await examined(ssh.target))['host-login']).toMatch(/^Failed: .*no shell here/);
  });

  it('whose key cannot be read is told so, and nothing is said about the host', async () => {
    await using ssh = await startTestingServer({});
    const found = await examined(ssh.target, { privateKey: 'no key' });
    expect(found['host-login']).toMatch(/^Failed: .*cannot be read/);
    expect(found['host-reachable']).toMatch(/^Skipped/);
    expect(found['host-key']).toMatch(/^Skipped/);
  });

  it('that is not there is told from one that is not SSH', async () => {
    await using ssh = await startTestingServer({});
    const other = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.end('HTTP/1.1 400 \u001b[2J\r\n\r\n');
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    try {
      expect((await examined(ssh.target, { port }))['host-reachable']).toMatch(/^Failed/);
    } finally {
      other.close();
    }
    expect((await examined(ssh.target, { port }))['host-reachable']).toMatch(/^Failed: .*ECONNREFUSED/);
  });
});
