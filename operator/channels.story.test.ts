/** Stacks that follow a channel, under the real controllers, with hosts in memory. */
import { afterEach, describe, expect, it } from 'vitest';
import { aChannel } from '../controllers/channel/testing.ts';
import { aStack } from '../controllers/stack/testing.ts';
import {
  annotations,
  channelKind,
  stackKind,
  type ChannelTurn,
  type JtelChannel,
  type JtelStack,
  type StackChannel,
} from '../crds/index.ts';
import { ObjectStore } from '../runtime/cache/object-store.ts';
import { findCondition } from '../runtime/report/conditions.ts';
import { waitFor } from '../test/support/wait.ts';
import { killAll, World } from '../test/support/world/world.ts';

const { signal: never } = new AbortController();
const [before, after] = ['3.43.1', '3.43.2'];
const limit = 2;
const names = ['p1', 'r1', 'r2', 'r3'];

afterEach(killAll);

/** With a backup before each update, a failed one can be undone. */
const withBackup = { backup: { storeRef: { name: 'customer' } } } as unknown as Partial<JtelStack['spec']>;

function stackOf(name: string, spec: Partial<JtelStack['spec']> = {}): JtelStack {
  const { host, update } = aStack().spec;
  return aStack(
    {
      version: '',
      channelRef: { name: 'stable' },
      host: { ...host, address: `198.51.100.${names.indexOf(name) + 1}` },
      update: { ...update, preUpdateBackup: spec.backup === undefined ? 'Skip' : 'Required' },
      ...spec,
    },
    { name, uid: name, labels: name.startsWith('p') ? { tier: 'pilot' } : {} },
  );
}

/** What was seen of the stacks at each change of one of them. */
class Watched {
  readonly world: World;
  readonly stacks = new ObjectStore<JtelStack>();
  mostAtOnce = 0;
  readonly faults: string[] = [];

  private constructor(world: World) {
    this.world = world;
    world.cluster.follow(stackKind, this.stacks);
    this.stacks.onChange(() => this.#look());
  }

  static async create(
    channel: JtelChannel,
    spec: Partial<JtelStack['spec']> = {},
    members = names,
  ): Promise<Watched> {
    const world = await World.create();
    const watched = new Watched(world);
    await world.cluster.create(channelKind, channel, { signal: never });
    for (const name of members) {
      world.machine(stackOf(name).spec.host.address);
      await world.apply(stackOf(name, spec));
    }
    return watched;
  }

  #look(): void {
    const all = this.stacks.list();
    const changing = all.filter(({ status }) => status?.operation?.type === 'Update');
    this.mostAtOnce = Math.max(this.mostAtOnce, changing.length);
    const pilot = all.find(({ metadata }) => metadata.name === 'p1')?.status?.version;
    const others = all.filter(({ metadata, status }) => metadata.name !== 'p1' && status?.version === after);
    if (pilot !== after && others.length > 0)
      this.faults.push(`${others[0]?.metadata.name} before the pilot`);
  }

  allAt(version: string): boolean {
    return this.stacks
      .list()
      .every(
        ({ status }) =>
          status?.version === version && findCondition(status.conditions, 'Ready')?.status === 'True',
      );
  }

  async change(spec: Partial<JtelChannel['spec']>): Promise<void> {
    await waitFor('the change of the channel to be taken', async () => {
      const live = await this.channel();
      const changed = { ...live, spec: { ...live.spec, ...spec } };
      return await this.world.cluster.replace(channelKind, changed, { signal: never }).catch(() => undefined);
    });
  }

  /** Whatever the operator writes at the same time. */
  async retry(name: string): Promise<void> {
    const { cluster } = this.world;
    await waitFor('the annotation to be taken', async () => {
      const live = await cluster.get(stackKind, { namespace: 'acme', name }, { signal: never });
      const change = { [annotations.retry]: 'now' };
      return await cluster
        .patchAnnotations(stackKind, live, change, { signal: never })
        .catch(() => undefined);
    });
  }

  async turns(): Promise<readonly ChannelTurn[]> {
    return (await this.channel()).status?.turns ?? [];
  }

  of(name: string): StackChannel | undefined {
    return this.stacks.get({ namespace: 'acme', name })?.status?.channel;
  }

  channel(): Promise<JtelChannel> {
    return this.world.cluster.get(channelKind, { namespace: '', name: 'stable' }, { signal: never });
  }

  async reason(): Promise<string | undefined> {
    return findCondition((await this.channel()).status?.conditions, 'Ready')?.reason;
  }
}

/** @returns when the update of the pilot has failed, and the channel has stopped */
async function stopped(spec: Partial<JtelStack['spec']>): Promise<Watched> {
  const watched = await Watched.create(aChannel({ version: before }), spec, ['p1', 'r1']);
  const { world } = watched;
  world.start();
  await world.until('all to be installed', () => watched.allAt(before));
  world.machine(stackOf('p1').spec.host.address).breaks = (_service, version) => version === after;
  await watched.change({ version: after });
  await world.until('it to stop', async () => (await watched.reason()) === 'TooManyFailures');
  return watched;
}

describe('stacks that follow a channel', { timeout: 150_000 }, () => {
  it('begin with its release, are updated wave by wave, and never more at once than it allows', async () => {
    const watched = await Watched.create(aChannel({ version: before, maxUnavailable: limit }));
    const { world } = watched;
    world.start();
    await world.until('all to be installed', () => watched.allAt(before));
    await world.until('the channel to be done', async () => (await watched.reason()) === 'RolloutDone');
    await watched.change({ version: after });
    await world.until('all to be updated', () => watched.allAt(after));
    await world.until('the channel to be done', async () => {
      const { status } = await watched.channel();
      return status?.version === after && status.wave === undefined && (status.turns ?? []).length === 0;
    });
    expect(watched.faults).toEqual([]);
    expect(watched.mostAtOnce).toBe(limit);
    const written = await world.cluster.get(
      { ...stackKind, asRead: (one: JtelStack) => one },
      { namespace: 'acme', name: 'p1' },
      { signal: never },
    );
    expect(written.spec.version).toBe('');
  });

  it('are not updated while it is paused, and go on afterwards', async () => {
    const watched = await Watched.create(aChannel({ version: before }));
    const { world } = watched;
    world.start();
    await world.until('all to be installed', () => watched.allAt(before));
    await watched.change({ version: after, paused: true });
    await world.until('it to be paused', async () => (await watched.reason()) === 'ChannelPaused');
    expect((await watched.channel()).status?.turns ?? []).toEqual([]);
    await watched.change({ paused: false });
    await world.until('all to be updated', () => watched.allAt(after));
  });

  it('go on right wherever an operator is killed, and never more at once than it allows', async () => {
    const watched = await Watched.create(aChannel({ version: before, maxUnavailable: limit }));
    const { world } = watched;
    world.start();
    await world.until('all to be installed', () => watched.allAt(before));
    await world.kill();
    await watched.change({ version: after });
    // Each life ends at an effect of its own, until one is long enough.
    let lives = 0;
    for (let effects = 9; !watched.allAt(after); effects += 4) {
      lives += 1;
      world.start(effects);
      await world.until('all to be updated', () => watched.allAt(after));
      await world.kill();
    }
    expect(lives).toBeGreaterThan(3);
    expect(watched.faults).toEqual([]);
    expect(watched.mostAtOnce).toBeLessThanOrEqual(limit);
  });

  it('stop when one more fails than is allowed, and go on when it is tried again', async () => {
    const watched = await stopped(withBackup);
    const { world } = watched;
    await world.until('the turn to be given back', async () => (await watched.turns()).length === 0);
    expect(watched.of('p1')).toMatchObject({ state: 'HandedBack', version: before, tried: after });
    expect(watched.of('r1')).toMatchObject({ state: 'Updated', version: before });
    world.machine(stackOf('p1').spec.host.address).breaks = undefined;
    await watched.retry('p1');
    await world.until('all to be updated', () => watched.allAt(after));
  });

  it('keep their turn while a failed update is not undone, and get another release in it', async () => {
    const watched = await stopped({});
    const { world } = watched;
    expect(watched.of('p1')).toMatchObject({ state: 'Failed', version: after });
    expect((await watched.turns()).map(({ name }) => name)).toEqual(['p1']);
    await watched.change({ version: '3.44.0' });
    // Which cannot take data that are in between.
    await world.until('it to be tried', () => watched.of('p1')?.reason === 'UpdateNotSupported');
    expect(watched.of('p1')).toMatchObject({ state: 'Failed', version: '3.44.0' });
    expect((await watched.turns()).map(({ name }) => name)).toEqual(['p1']);
    expect(watched.mostAtOnce).toBe(1);
  });
});
