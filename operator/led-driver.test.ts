import { expect, it } from 'vitest';
import { FakeHostDriver } from '../host-driver/fake/driver.ts';
import { LeadershipLost } from '../runtime/index.ts';
import { ledDriver } from './led-driver.ts';

it('a process that leads no more looks at a host, and changes nothing there', async () => {
  const fake = new FakeHostDriver();
  const machine = fake.add('192.0.2.10');
  let leads = true;
  const target = { address: '192.0.2.10' } as Parameters<typeof fake.host>[0];
  const host = ledDriver(fake, () => leads).host(target);
  const owner = { clusterID: 'c', namespace: 'acme', name: 'main', uid: 'u' };
  const { signal } = new AbortController();
  await host.claim('jtel-acme-main', { owner, epoch: 1 }, signal);
  leads = false;
  await expect(host.claim('jtel-acme-main', { owner, epoch: 2 }, signal)).rejects.toThrow(LeadershipLost);
  await host.observe('jtel-acme-main', 'quick', signal);
  expect(machine.projects.get('jtel-acme-main')?.epoch).toBe(1);
});
