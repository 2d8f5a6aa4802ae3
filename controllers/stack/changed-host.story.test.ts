/**
 * A host that is named, and left for another one before the data are there: of a first installation as of a move. Nothing that was
 * begun there goes on.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  arrived,
  moveTo,
  newAddress,
  oldAddress,
  runs,
  watchForTwo,
} from '../../test/support/world/moves.ts';
import { annotations, stackKind } from '../../crds/index.ts';
import { installed, project, ready, stackOf } from '../../test/support/world/restores.ts';
import { killAll, World } from '../../test/support/world/world.ts';

vi.setConfig({ testTimeout: 60_000 });

afterEach(killAll);

const thirdAddress = '192.0.2.30';

async function aMove(): Promise<World> {
  const world = await World.create();
  for (const address of [newAddress, thirdAddress]) world.machine(address).withoutDocker();
  await installed(world);
  await moveTo(world, { address: newAddress });
  return world;
}

async function anInstallation(): Promise<World> {
  const world = await World.create();
  world.machine(newAddress).withoutDocker();
  await world.apply(stackOf());
  world.start();
  return world;
}

/** Until data are loaded there, by a job that does not end. */
async function untilLoading(world: World, address: string): Promise<void> {
  const { runJob } = world;
  const loads = new Set(['restore', 'load']);
  world.runJob = (job) => (loads.has(job.type) ? { durationMilliseconds: 1e9 } : runJob(job));
  await world.until('the load', async () => world.machine(address).jobs.size > 0);
  world.runJob = runJob;
}

async function formers(world: World): Promise<readonly string[]> {
  const { status } = await world.stack();
  return (status?.formerHosts ?? []).map(({ host, state }) => `${host.address} ${state}`);
}

function leftOn(world: World, address: string): unknown {
  return { runs: runs(world, address), jobs: world.machine(address).jobs.size };
}

const nothing = { runs: false, jobs: 0 };

describe('a move', () => {
  it('goes to a third host that is named amid the load on the second one, and nothing goes on there', async () => {
    const world = await aMove();
    const twice = watchForTwo(world);
    await untilLoading(world, newAddress);
    await moveTo(world, { address: thirdAddress });
    await world.until('the stack to arrive', () => arrived(world, thirdAddress));
    await world.until('the second host to be fenced', async () =>
      (await formers(world)).includes(`${newAddress} Fenced`),
    );
    expect(await formers(world)).toContain(`${oldAddress} Fenced`);
    expect([leftOn(world, oldAddress), leftOn(world, newAddress)]).toEqual([nothing, nothing]);
    expect([runs(world, thirdAddress), twice]).toEqual([true, []]);
  });

  it('goes on to a third host although the old one is gone for good since it was fenced', async () => {
    const world = await aMove();
    await untilLoading(world, newAddress);
    world.machine(oldAddress).unreachable = 'HostUnreachable';
    await moveTo(world, { address: thirdAddress });
    await world.until('the stack to arrive', () => arrived(world, thirdAddress));
    expect(runs(world, thirdAddress)).toBe(true);
  });

  it('removes the job of the last backup from the old host although its removal failed until the stack had arrived', async () => {
    const world = await aMove();
    const old = world.machine(oldAddress);
    const { onCall } = old;
    old.onCall = async (call) => {
      if (call.method === 'removeJob') throw old.error('HostUnreachable', 'connection reset');
      await onCall?.(call);
    };
    await world.until('the stack to run on the new host', async () => {
      const { dataHost, phase } = (await world.stack()).status ?? {};
      return dataHost?.host.address === newAddress && phase === 'Ready';
    });
    expect(await formers(world)).toEqual([`${oldAddress} Pending`]);
    expect(old.jobs.size).toBeGreaterThan(0);
    old.onCall = onCall;
    await world.until('the job to be gone', () => old.jobs.size === 0);
    await world.until('the old host to be fenced', async () =>
      (await formers(world)).includes(`${oldAddress} Fenced`),
    );
    expect([runs(world, oldAddress), runs(world, newAddress)]).toEqual([false, true]);
  });

  it('that is taken back leaves nothing on the new host, and takes along what was written since when asked for again', async () => {
    const world = await aMove();
    await untilLoading(world, newAddress);
    const first = (await world.stack()).status?.relocation?.backupID;
    await moveTo(world, { address: oldAddress });
    await world.until('the new host to be fenced', async () =>
      (await formers(world)).includes(`${newAddress} Fenced`),
    );
    await world.until('the stack to run again', () => ready(world));
    expect(leftOn(world, newAddress)).toEqual(nothing);
    await moveTo(world, { address: newAddress });
    await world.until('the stack to arrive', () => arrived(world, newAddress));
    expect((await world.stack()).status?.relocation?.backupID).not.toBe(first);
    expect([runs(world, oldAddress), runs(world, newAddress)]).toEqual([false, true]);
  });
});

describe('a first installation', () => {
  it('goes on at another host that is named amid it, and nothing goes on at the first one', async () => {
    const world = await anInstallation();
    await untilLoading(world, oldAddress);
    await moveTo(world, { address: newAddress });
    await world.until('the first host to be fenced', async () =>
      (await formers(world)).includes(`${oldAddress} Fenced`),
    );
    await world.until('the stack to be Ready', () => ready(world));
    expect((await world.stack()).status).toMatchObject({ dataHost: { host: { address: newAddress } } });
    expect((await world.stack()).status?.newHost).toBeUndefined();
    expect([leftOn(world, oldAddress), runs(world, newAddress)]).toEqual([nothing, true]);
  });

  it('is not kept from another host by a first one that is full, which is fenced when there is room', async () => {
    const world = await anInstallation();
    await untilLoading(world, oldAddress);
    world.machine(oldAddress).diskFull = true;
    await moveTo(world, { address: newAddress });
    await world.until('the stack to be Ready', async () => {
      const { metadata, status } = await world.stack();
      return status?.phase === 'Ready' && status.observedGeneration === metadata.generation;
    });
    expect(await formers(world)).toEqual([`${oldAddress} Pending`]);
    world.machine(oldAddress).diskFull = false;
    await world.until('it to be fenced', async () => (await formers(world)).includes(`${oldAddress} Fenced`));
    expect(leftOn(world, oldAddress)).toEqual(nothing);
  });

  it('leaves no record on a first host that it had only claimed, when the stack is destroyed', async () => {
    const world = await anInstallation();
    const first = world.machine(oldAddress);
    let refused = 0;
    first.onCall = async ({ method }) => {
      if (method !== 'setUp') return;
      refused += 1;
      throw first.error('HostSetupFailed', 'no package mirror');
    };
    await world.change({ deletionPolicy: 'Destroy' });
    await world.until('the set-up to fail', () => refused > 0);
    await moveTo(world, { address: newAddress });
    await world.until('the stack to be Ready', () => ready(world));
    await world.until('the first host to be left', async () =>
      (await formers(world)).includes(`${oldAddress} Fenced`),
    );
    const stack = await world.stack();
    const options = { signal: new AbortController().signal };
    const consent = { [annotations.confirmDestroy]: stack.metadata.uid };
    await world.cluster.patchAnnotations(stackKind, stack, consent, options);
    await world.cluster.delete(stackKind, stack.metadata, {}, options);
    await world.until('the object to go', async () => (await world.find()) === undefined);
    const left = [oldAddress, newAddress].filter((one) => world.machine(one).projects.has(project));
    expect(left).toEqual([]);
  });

  it('goes on at another host when its first one is full once the data are there, although those cannot be backed up', async () => {
    const world = await anInstallation();
    const first = world.machine(oldAddress);
    first.onCall = async ({ method }) => {
      const { data } = first.projects.get(project)?.state ?? {};
      if (method !== 'composeUp' || data === undefined) return;
      first.diskFull = true;
      throw first.error('DiskFull', 'no disk space left');
    };
    await world.until('the start to fail', async () => {
      const { dataHost } = (await world.stack()).status ?? {};
      return first.diskFull && dataHost?.host.address === oldAddress;
    });
    await moveTo(world, { address: newAddress });
    await world.until('the stack to be Ready', async () => {
      const { metadata, status } = await world.stack();
      const isHere = status?.dataHost?.host.address === newAddress;
      return isHere && status?.phase === 'Ready' && status.observedGeneration === metadata.generation;
    });
    expect(await formers(world)).toEqual([`${oldAddress} Pending`]);
    first.diskFull = false;
    await world.until('the first host to be fenced', async () =>
      (await formers(world)).includes(`${oldAddress} Fenced`),
    );
    expect([leftOn(world, oldAddress), runs(world, newAddress)]).toEqual([nothing, true]);
  });

  it('leaves no data behind on which its first host starts it when the operator has lost the connection', async () => {
    const world = await anInstallation();
    const first = world.machine(oldAddress);
    const begun = () => first.projects.get(project);
    let starting: (() => void) | undefined;
    first.onCall = async ({ method, phase }) => {
      const found = begun();
      if (phase !== 'before' || found?.state?.data === undefined) return;
      if (method === 'composeUp') {
        const [database] = found.containers.values();
        // docker compose goes on, and whoever wants the host's lock waits for it.
        starting = () =>
          void (database && found.containers.set('acd-web', { ...database, id: 'web', service: 'acd-web' }));
        throw first.error('HostUnreachable', 'connection reset');
      }
      if (method !== 'observe') starting?.();
    };
    await world.until('the start to be begun', async () => {
      const { dataHost } = (await world.stack()).status ?? {};
      return starting !== undefined && dataHost?.host.address === oldAddress;
    });
    await moveTo(world, { address: newAddress });
    await world.until('the move to be refused', async () => {
      const { conditions = [] } = (await world.stack()).status ?? {};
      return conditions.some(({ reason }) => reason === 'RelocationNeedsBackup');
    });
    expect((await world.stack()).status).toMatchObject({ dataHost: { host: { address: oldAddress } } });
    expect(leftOn(world, newAddress)).toEqual(nothing);
  });

  it('comes back to the first host, and nothing goes on at the other one', async () => {
    const world = await anInstallation();
    await untilLoading(world, oldAddress);
    await moveTo(world, { address: newAddress });
    await untilLoading(world, newAddress);
    world.machine(oldAddress).jobs.clear();
    await moveTo(world, { address: oldAddress });
    await world.until('the other one to be fenced', async () =>
      (await formers(world)).includes(`${newAddress} Fenced`),
    );
    await world.until('the stack to be Ready', () => ready(world));
    expect(await formers(world)).toHaveLength(1);
    expect([runs(world, oldAddress), leftOn(world, newAddress)]).toEqual([true, nothing]);
  });
});
