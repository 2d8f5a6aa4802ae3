/** A test restore on a host that somebody wrote into it: no other customer's, and no drill's. */
import { afterEach, describe, expect, it } from 'vitest';
import { drillKind, stackKind, type StackHost } from '../../crds/index.ts';
import type { FakeJobOutcome } from '../../host-driver/fake/machine.ts';
import { storeBackup } from '../../test/support/stored-backup.ts';
import { ask, backupID, installed, stackOf } from '../../test/support/world/restores.ts';
import { killAll, World } from '../../test/support/world/world.ts';
import { aDrill, aDrillHost } from '../drill/testing.ts';

const { signal: never } = new AbortController();
const key = `SHA256:${'T'.repeat(43)}`;
const elsewhere: StackHost = {
  address: '192.0.2.11',
  port: 22,
  user: 'jtel',
  bootstrap: 'Managed',
  sshSecretRef: { name: 'ssh' },
  hostKeyFingerprints: [key],
};
const counted = {
  tables: [{ schema: 'jtel', name: 't', rows: 5 }],
  sequences: 0,
  fileTrees: [{ name: 'files', files: 1, bytes: 100 }],
};

afterEach(killAll);

async function withBackup(): Promise<World> {
  const world = await installed(await World.create());
  world.machine(elsewhere.address);
  storeBackup(world.customer, { backupID, version: '3.44.0' });
  world.runJob = ({ type }): FakeJobOutcome => ({ result: type === 'count' ? counted : {} });
  return world;
}

/** Of another customer; nobody works on it. */
async function neighbour(world: World, host: Partial<StackHost>): Promise<void> {
  const stack = stackOf();
  const metadata = { ...stack.metadata, namespace: 'berlin', uid: 'berlin-uid' };
  const spec = { ...stack.spec, suspend: true, host: { ...stack.spec.host, ...host } };
  await world.cluster.create(stackKind, { ...stack, metadata, spec }, { signal: never });
}

const test = { mode: 'Test', ifNotEmpty: 'Fail', test: { host: elsewhere } } as const;

describe('a test restore is refused, and sends nothing', () => {
  it.each([
    ['to the host of another customer', { address: elsewhere.address, hostKeyFingerprints: ['SHA256:y'] }],
    [
      'to one that has its key under another address',
      { address: '198.51.100.7', hostKeyFingerprints: [key] },
    ],
  ] as const)('%s', async (_, host) => {
    const world = await withBackup();
    await neighbour(world, { ...host, hostKeyFingerprints: [...host.hostKeyFingerprints] as [string] });
    const { status } = await ask(world, test);
    expect(status).toMatchObject({
      phase: 'Failed',
      message: expect.stringContaining('test.host is the host of another stack'),
      conditions: expect.arrayContaining([
        expect.objectContaining({ type: 'Failed', reason: 'TestHostRefused' }),
      ]),
    });
    // Who asks does not learn whose it is.
    expect(status?.message).not.toContain('berlin');
    expect(world.machine(elsewhere.address).calls).toEqual([]);
  });

  it('to a host of a drill', async () => {
    const world = await withBackup();
    const drill = aDrill({ state: 'Suspended', hosts: [{ ...aDrillHost(1), host: elsewhere }] });
    await world.cluster.create(drillKind, drill, { signal: never });
    const { status } = await ask(world, test);
    expect(status).toMatchObject({
      phase: 'Failed',
      message: expect.stringContaining('test.host is a host of JtelDrill nightly'),
    });
  });
});

it('a test restore goes to a host that nobody has, and to that of its own stack', async () => {
  const world = await withBackup();
  await neighbour(world, { address: '198.51.100.7', hostKeyFingerprints: ['SHA256:y'] });
  expect((await ask(world, test)).status).toMatchObject({ phase: 'Completed' });
  const { host } = stackOf().spec;
  expect((await ask(world, { ...test, test: { host } }, 'here')).status).toMatchObject({
    phase: 'Completed',
  });
});
