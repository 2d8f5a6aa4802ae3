/** Stacks that follow a channel, under the real controllers, with hosts in memory. */
import { afterEach, describe, expect, it } from 'vitest';
import { aChannel } from '../controllers/channel/testing.ts';
import { aStack } from '../controllers/stack/testing.ts';
import { channelKind, stackKind, type JtelChannel, type JtelStack } from '../crds/index.ts';
import { ObjectStore } from '../runtime/cache/object-store.ts';
import { findCondition } from '../runtime/report/conditions.ts';
import { killAll, World } from '../test/support/world/world.ts';

const { signal: never } = new AbortController();
const [before, after] = ['3.43.1', '3.43.2'];
const limit = 2;
const names = ['p1', 'r1', 'r2', 'r3', 'r4'];

afterEach(killAll);

function stackOf(name: string): JtelStack {
  const { host, update } = aStack().spec;
  return aStack(
    {
      version: '',
      channelRef: { name: 'stable' },
      host: { ...host, address: `198.51.100.${names.indexOf(name) + 1}` },
      update: { ...update, preUpdateBackup: 'Skip' },
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

  static async create(channel: JtelChannel): Promise<Watched> {
    const world = await World.create();
    const watched = new Watched(world);
    await world.cluster.create(channelKind, channel, { signal: never });
    for (const name of names) {
      world.machine(stackOf(name).spec.host.address);
      await world.apply(stackOf(name));
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
    for (;;) {
      const live = await this.channel();
      try {
        await this.world.cluster.replace(
          channelKind,
          { ...live, spec: { ...live.spec, ...spec } },
          { signal: never },
        );
        return;
      } catch (error) {
        if (!(error instanceof Error && error.message.includes('modified'))) throw error;
      }
    }
  }

  channel(): Promise<JtelChannel> {
    return this.world.cluster.get(channelKind, { namespace: '', name: 'stable' }, { signal: never });
  }

  async reason(): Promise<string | undefined> {
    return findCondition((await this.channel()).status?.conditions, 'Ready')?.reason;
  }
}

describe('stacks that follow a channel', () => {
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
});
