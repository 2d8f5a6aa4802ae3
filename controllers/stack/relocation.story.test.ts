/**
 * Moving a stack between hosts in memory, with the very operator: never runs in two places, loses nothing while the old host
 * answers, and ends the same wherever the operator is killed.
 */
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { paths } from '../../backup-format/names.ts';
import {
  annotations,
  backupKind,
  stackKind,
  type JtelBackupStatus,
  type JtelStack,
  type JtelStackSpec,
} from '../../crds/index.ts';
import type { FakeMachine } from '../../host-driver/fake/machine.ts';
import {
  arrived,
  moveTo,
  newAddress,
  oldAddress,
  runs,
  watchForTwo,
} from '../../test/support/world/moves.ts';
import { installed, looksAt, project, ready, stackOf } from '../../test/support/world/restores.ts';
import { killAll, World } from '../../test/support/world/world.ts';
import { storeBackup } from '../../test/support/stored-backup.ts';
import { aBackup } from '../backup/testing.ts';

// Whole lives of a stack: a busy machine needs its time.
vi.setConfig({ testTimeout: 60_000 });

afterEach(killAll);

const call = { signal: new AbortController().signal };

/** A Ready stack on the old host, an empty new one, and backups that work. */
async function aMovableWorld(spec: Partial<JtelStackSpec> = {}): Promise<World> {
  const world = await World.create();
  world.machine(newAddress).withoutDocker();
  await installed(world, spec);
  await world.kill();
  return world;
}

function at(
  world: World,
  address: string,
): NonNullable<ReturnType<FakeMachine['projects']['get']>> | undefined {
  return world.machine(address).projects.get(project);
}

async function reason(world: World): Promise<string | undefined> {
  return (await world.stack()).status?.conditions?.find(({ type }) => type === 'Ready')?.reason;
}

function endState(world: World, stack: JtelStack): unknown {
  const { dataHost, relocation, formerHosts } = stack.status ?? {};
  const one = (address: string): unknown => ({
    running: [...(at(world, address)?.containers.values() ?? [])]
      .filter(({ state }) => state === 'running')
      .map(({ service }) => service)
      .toSorted(),
    moved: at(world, address)?.state?.moved?.address,
    incomplete: at(world, address)?.state?.data?.state,
    version: at(world, address)?.state?.applied?.version,
    jobs: world.machine(address).jobs.size,
  });
  return {
    old: one(oldAddress),
    new: one(newAddress),
    home: dataHost?.host.address,
    state: relocation?.state,
    former: formerHosts?.map(({ host, state }) => `${host.address} ${state}`),
  };
}

describe('a stack that is moved', () => {
  it('gets a backup while it serves, a second one when it is stopped, and runs on the new host only', async () => {
    const world = await aMovableWorld();
    await moveTo(world, { address: newAddress });
    world.start();
    await world.until('the stack to arrive', () => arrived(world, newAddress));
    const { status } = await world.stack();
    expect(endState(world, await world.stack())).toMatchObject({
      old: { running: [], moved: newAddress },
      new: { moved: undefined, version: '3.44.0', incomplete: undefined },
      home: newAddress,
      former: [`${oldAddress} Fenced`],
    });
    expect(runs(world, newAddress)).toBe(true);
    expect(status?.relocation).toMatchObject({
      source: 'Migrate',
      downtimeSeconds: expect.any(Number),
      backupID: at(world, newAddress)?.state?.data?.backupID,
    });
    const calls = world.machine(oldAddress).calls.map(({ method }) => method);
    expect(calls.filter((method) => method === 'startJob')).toHaveLength(3);
    expect(calls.lastIndexOf('composeStop')).toBeLessThan(calls.lastIndexOf('startJob'));
    expect(calls.lastIndexOf('startJob')).toBeLessThan(calls.lastIndexOf('markMoved'));
  });

  it('with another version is updated out of place', async () => {
    const world = await aMovableWorld({ version: '3.43.2' });
    await moveTo(world, { address: newAddress }, { version: '3.44.0' });
    world.start();
    await world.until('the stack to arrive', () => arrived(world, newAddress));
    expect(at(world, newAddress)?.state?.applied?.version).toBe('3.44.0');
    expect(at(world, oldAddress)?.state?.applied?.version).toBe('3.43.2');
  });

  it('carries its allow-lists and name servers to the new host', async () => {
    const world = await aMovableWorld();
    const allow = { sip: [{ name: 'trunk', cidr: '203.0.113.7/32' }] };
    await world.change({ network: { fqdn: 'acme.jtel.example', allow } });
    await moveTo(world, { address: newAddress });
    world.start();
    await world.until('the stack to arrive', () => arrived(world, newAddress));
    expect(JSON.stringify(world.machine(newAddress).firewall)).toContain('203.0.113.7/32');
  });

  it('comes back the same way, over the data that its own mark proves superseded', async () => {
    const world = await aMovableWorld();
    await moveTo(world, { address: newAddress });
    world.start();
    await world.until('the stack to arrive', () => arrived(world, newAddress));
    await moveTo(world, { address: oldAddress });
    await world.until('the stack to be back', () => arrived(world, oldAddress));
    const { relocation } = (await world.stack()).status ?? {};
    expect(
      Date.parse(relocation?.stopTime ?? ''),
      'it served while the first backup was made',
    ).toBeGreaterThan(Date.parse(relocation?.startTime ?? ''));
    expect(endState(world, await world.stack())).toMatchObject({
      old: { moved: undefined, incomplete: undefined },
      new: { running: [], moved: oldAddress },
      home: oldAddress,
      former: [`${newAddress} Fenced`],
    });
    expect(runs(world, oldAddress)).toBe(true);
  });

  it('stays where it was when the change is taken back before the new host had the data', async () => {
    const world = await aMovableWorld();
    const { runJob } = world;
    world.runJob = (job) => (job.type === 'restore' ? { durationMilliseconds: 1e9 } : runJob(job));
    await moveTo(world, { address: newAddress });
    world.start();
    await world.until('the load', async () => world.machine(newAddress).jobs.size > 0);
    expect(at(world, oldAddress)?.state?.moved?.address).toBe(newAddress);
    await moveTo(world, { address: oldAddress });
    await world.until('the stack to run again', () => ready(world));
    expect(endState(world, await world.stack())).toMatchObject({
      old: { moved: undefined, version: '3.44.0' },
      home: oldAddress,
    });
    expect(runs(world, oldAddress)).toBe(true);
    expect(runs(world, newAddress)).toBe(false);
  });

  it('amid which somebody stops it stands still on the old host, and arrives when it is to run again', async () => {
    const world = await aMovableWorld();
    world.start();
    await moveTo(world, { address: newAddress }, { powerState: 'Stopped' });
    await world.until(
      'the stack to be Stopped',
      async () => (await world.stack()).status?.phase === 'Stopped',
    );
    const up = [...(at(world, oldAddress)?.containers.values() ?? [])].filter(
      ({ state }) => state === 'running',
    );
    expect(up.map(({ service }) => service)).toEqual(['acd-dbm']);
    await world.change({ powerState: 'Running' });
    await world.until('the stack to arrive', () => arrived(world, newAddress));
    expect([runs(world, oldAddress), runs(world, newAddress)]).toEqual([false, true]);
  });

  it('that first named a host of another cluster is installed on the right one, and theirs is left alone', async () => {
    const world = await World.create();
    world.machine(newAddress).withoutDocker();
    const theirs = { clusterID: 'another-cluster', namespace: 'acme', name: 'main', uid: 'theirs' };
    const host = world.driver.host({
      address: oldAddress,
      port: 22,
      user: 'jtel',
      privateKey: '',
      hostKeyFingerprints: [],
    });
    await host.claim(project, { owner: theirs, epoch: 1 }, new AbortController().signal);
    await world.apply(stackOf());
    world.start();
    await world.until('the refusal', async () => (await reason(world)) === 'HostOwned');
    await moveTo(world, { address: newAddress });
    await world.until('the stack to be Ready', () => ready(world));
    expect((await world.stack()).status?.formerHosts).toBeUndefined();
    expect(at(world, oldAddress)?.state?.owner).toEqual(theirs);
  });

  it('is not moved without a place for its backups', async () => {
    const world = await aMovableWorld();
    const { backup: _, ...spec } = (await world.stack()).spec;
    await world.cluster.replace(
      stackKind,
      { ...(await world.stack()), spec: { ...spec, host: { ...spec.host, address: newAddress } } },
      { signal: new AbortController().signal },
    );
    world.start();
    await world.until('the refusal', async () => (await reason(world)) === 'RelocationNeedsBackup');
    expect(runs(world, oldAddress)).toBe(true);
  });

  it('does not go to another machine that only took the address', async () => {
    const world = await aMovableWorld();
    const machine = world.machine(oldAddress);
    machine.facts = { ...machine.facts, machineID: 'f'.repeat(32) };
    machine.projects.clear();
    world.start();
    await world.until(
      'the refusal',
      async () =>
        (await world.stack()).status?.conditions?.find(({ type }) => type === 'HostReachable')?.reason ===
        'MachineChanged',
    );
    expect(machine.calls.filter(({ method }) => method === 'claim')).toHaveLength(1);
  });
});

describe('an old host that does not answer', () => {
  it('holds the move and says what would be lost', async () => {
    const world = await aMovableWorld();
    world.machine(oldAddress).unreachable = 'HostUnreachable';
    await moveTo(world, { address: newAddress });
    world.start();
    await world.until('the hold', async () => (await reason(world)) === 'RelocationNeedsOldHost');
    expect(at(world, newAddress)?.state?.data).toBeUndefined();
    world.machine(oldAddress).unreachable = undefined;
    await world.until('the stack to arrive', () => arrived(world, newAddress));
    expect((await world.stack()).status?.relocation?.source).toBe('Migrate');
  });

  it('holds the move as well when only its Docker is away, also when it was marked already', async () => {
    const world = await aMovableWorld();
    const old = world.machine(oldAddress);
    const { facts } = old;
    world.interference = { effect: (_, what) => void (what === 'before markMoved' && old.withoutDocker()) };
    await moveTo(world, { address: newAddress });
    const twice = watchForTwo(world);
    world.start();
    await world.until('the hold', async () => (await reason(world)) === 'RelocationNeedsOldHost');
    expect(at(world, oldAddress)?.state?.moved?.address, 'it is marked').toBe(newAddress);
    expect(runs(world, oldAddress), 'and its containers come back with its Docker').toBe(true);
    expect(at(world, newAddress)?.state?.data).toBeUndefined();
    world.interference = {};
    await world.kill();
    old.facts = facts;
    world.start();
    await world.until('the stack to arrive', () => arrived(world, newAddress));
    expect([runs(world, oldAddress), twice]).toEqual([false, []]);
  });

  it('is no former host that is fenced while its Docker is away', async () => {
    const world = await aMovableWorld();
    storeBackup(world.customer, { backupID: '20260302t020000z-00000b' });
    const old = world.machine(oldAddress);
    const { facts } = old;
    old.unreachable = 'HostUnreachable';
    await moveTo(world, { address: newAddress }, { relocation: { source: 'RecoverFromBackup' } });
    world.start();
    await world.until('the stack to be recovered', () => arrived(world, newAddress));
    const former = async (): Promise<string | undefined> =>
      (await world.stack()).status?.formerHosts?.[0]?.state;
    const looks = looksAt(old);
    old.withoutDocker();
    old.unreachable = undefined;
    await world.until('it to be looked at', () => looksAt(old) > looks + 2);
    expect([await former(), await ready(world)]).toEqual(['Pending', true]);
    old.facts = facts;
    await world.until('it to be fenced', async () => (await former()) === 'Fenced');
    expect([runs(world, oldAddress), runs(world, newAddress)]).toEqual([false, true]);
  });

  it('is given up with consent, and fenced as soon as it is back', async () => {
    const world = await aMovableWorld();
    storeBackup(world.customer, { backupID: '20260302t020000z-00000b' });
    world.machine(oldAddress).unreachable = 'HostUnreachable';
    await moveTo(world, { address: newAddress }, { relocation: { source: 'RecoverFromBackup' } });
    world.start();
    await world.until('the stack to be recovered', () => arrived(world, newAddress));
    expect((await world.stack()).status).toMatchObject({
      relocation: { source: 'RecoverFromBackup', backupID: '20260302t020000z-00000b' },
      formerHosts: [{ machineID: `machine-${oldAddress}`, state: 'Pending' }],
    });
    expect(runs(world, newAddress)).toBe(true);
    world.machine(oldAddress).unreachable = undefined;
    await world.until(
      'the old host to be fenced',
      async () => (await world.stack()).status?.formerHosts?.[0]?.state === 'Fenced',
    );
    expect(at(world, oldAddress)?.state?.moved?.address).toBe(newAddress);
    expect(runs(world, oldAddress)).toBe(false);
    expect(runs(world, newAddress)).toBe(true);
  });

  it.each(['by the digest in its JtelBackup', 'by consent'])(
    'takes a backup of an operator that did not sign %s, and no newer one of nobody',
    async (why) => {
      const world = await aMovableWorld();
      const [ours, forged] = ['20260302t020000z-00000b', '20260303t020000z-00000c'];
      for (const backupID of [ours, forged]) storeBackup(world.customer, { backupID, signer: 'Nobody' });
      world.machine(oldAddress).unreachable = 'HostUnreachable';
      await moveTo(world, { address: newAddress }, { relocation: { source: 'RecoverFromBackup' } });
      if (why !== 'by consent') await aBackupObject(world, ours);
      world.start();
      if (why === 'by consent') {
        await world.until('the refusal', async () =>
          JSON.stringify((await world.stack()).status?.conditions).includes('BackupUnsigned'),
        );
        await annotate(world, { [annotations.acceptUnsigned]: ours });
      }
      await world.until('the stack to be recovered', () => arrived(world, newAddress));
      expect((await world.stack()).status).toMatchObject({ relocation: { backupID: ours } });
    },
  );
});

async function annotate(world: World, added: Readonly<Record<string, string>>): Promise<void> {
  const stack = await world.stack();
  const metadata = { ...stack.metadata, annotations: { ...stack.metadata.annotations, ...added } };
  await world.cluster.replace(stackKind, { ...stack, metadata }, call);
}

/** As an operator before 0.2 left it. */
async function aBackupObject(world: World, backupID: string): Promise<void> {
  const manifest = world.customer.blobs.get(paths.manifest('acme.main', backupID))?.content ?? '';
  const status: JtelBackupStatus = {
    phase: 'Completed',
    backupID,
    identity: 'acme.main',
    manifestDigest: createHash('sha256').update(manifest).digest('hex'),
  };
  const name = 'before-0-2';
  await world.cluster.create(backupKind, aBackup(undefined, {}, { name, uid: name }), call);
  await world.cluster.applyStatus(backupKind, { namespace: 'acme', name }, status, {}, call);
}

/** Every so many effects; `node test/campaigns/run.ts crash` goes through all of them. */
const stride = 11;

/** Arrived, and nothing is left to do on the old host. */
async function movedAway(world: World): Promise<boolean> {
  const { formerHosts = [] } = (await world.stack()).status ?? {};
  return (await arrived(world, newAddress)) && formerHosts.every(({ state }) => state === 'Fenced');
}

describe('killed before or after an effect', () => {
  it('a move still ends the same, and at no moment does the stack run in two places', async () => {
    let whole: unknown;
    let kills = 0;
    for (let crashAt = Number.POSITIVE_INFINITY, next = 3; ; crashAt = next, next += stride) {
      const world = await aMovableWorld();
      await moveTo(world, { address: newAddress });
      const twice = watchForTwo(world);
      world.start(crashAt);
      const reached = await world.until('the move', () => movedAway(world));
      await world.kill();
      if (!reached) {
        kills += 1;
        world.start();
        await world.until(`the move after a kill at effect ${crashAt}`, () => movedAway(world));
        await world.kill();
      }
      whole ??= endState(world, await world.stack());
      expect(endState(world, await world.stack()), `after a kill at effect ${crashAt}`).toEqual(whole);
      expect(twice, `after a kill at effect ${crashAt}`).toEqual([]);
      if (reached && crashAt !== Number.POSITIVE_INFINITY) break;
    }
    expect(kills).toBeGreaterThan(8);
  }, 120_000);
});
