/** Stacks that follow one channel on a real API server, with hosts in memory, and what is seen of them at each change. */
import { MemoryBlobStore } from '../../../blob-store/memory.ts';
import { aChannel } from '../../../controllers/channel/testing.ts';
import { aStack } from '../../../controllers/stack/testing.ts';
import {
  channelKind,
  stackKind,
  type JtelChannel,
  type JtelStack,
  type UpdateWindow,
} from '../../../crds/index.ts';
import { FakeHostDriver } from '../../../host-driver/fake/driver.ts';
import type { FakeMachine } from '../../../host-driver/fake/machine.ts';
import { findCondition } from '../../../runtime/report/conditions.ts';
import { Informer, secrets, silentLogger } from '../../../runtime/index.ts';
import { call, openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { operate } from '../../support/operate.ts';
import { aRelease, componentsOf, storeRelease } from '../../support/release-builder.ts';
import { sshKey } from '../../support/ssh-key.ts';
import { waitFor } from '../../support/wait.ts';
import { Oracle } from './oracle.ts';

const [before, after] = ['3.43.1', '3.43.2'];
/** The channel's maxUnavailable: more than those whose update fails, which keep their turn. */
export const maxUnavailable = 25;
/** Of 1,000: what the issue of channels asks for. */
const [failing, silent, inWindow] = [10, 3, 20];
export const waves: readonly { readonly name: string; readonly share: number }[] = [
  { name: 'pilot', share: 0.02 },
  { name: 'first', share: 0.2 },
  { name: 'rest', share: 1 },
];
const limitSeconds = 3000;
/** How many are created or changed side by side. */
const batch = 20;

type Role = 'Failing' | 'Silent' | 'InWindow' | 'Usual';

interface Member {
  readonly name: string;
  readonly address: string;
  readonly wave: number;
  readonly role: Role;
}

/** Every kind is spread over all waves but the pilot, which must be updated. */
function members(size: number): readonly Member[] {
  const special: readonly Role[] = [
    ...Array<Role>(failing).fill('Failing'),
    ...Array<Role>(silent).fill('Silent'),
    ...Array<Role>(inWindow).fill('InWindow'),
  ];
  const pilots = Math.ceil(size * (waves[0]?.share ?? 0));
  const step = (size - pilots) / special.length;
  const roles = new Map(special.map((role, index) => [pilots + Math.floor(index * step), role]));
  return Array.from({ length: size }, (_, index) => ({
    name: `s${index}`,
    address: `10.0.${Math.floor(index / 250)}.${(index % 250) + 1}`,
    wave: waves.findIndex(({ share }) => index < Math.ceil(size * share)),
    role: roles.get(index) ?? 'Usual',
  }));
}

export class Fleet {
  readonly members: readonly Member[];
  readonly #cluster: TestCluster;
  readonly #driver = new FakeHostDriver();
  readonly #vendor = new MemoryBlobStore('memory://vendor/releases');
  readonly #stacks: Informer<JtelStack>;
  readonly #stop = new AbortController();
  readonly #oracle: Oracle;
  #end: (() => Promise<void>) | undefined;

  private constructor(cluster: TestCluster, size: number) {
    this.#cluster = cluster;
    this.members = members(size);
    this.#oracle = new Oracle(
      this.members.map(({ name, wave, role }) => ({ name, wave, isAway: role === 'Silent' })),
      { version: after, maxUnavailable },
    );
    const { connection, namespace } = cluster;
    this.#stacks = new Informer(stackKind, { connection, namespaces: [namespace], logger: silentLogger });
    for (const { address, role } of this.members) {
      const machine = this.#driver.add(address, { facts: { machineID: `machine-${address}` } });
      if (role === 'Failing') machine.breaks = (_service, version) => version === after;
    }
  }

  /** @returns a fleet that runs the release before */
  static async install(size: number): Promise<Fleet> {
    const cluster = await openCluster('channel-fleet');
    const fleet = new Fleet(cluster, size);
    await installCRDs(cluster.client);
    await storeRelease(
      fleet.#vendor,
      aRelease({ version: before, updatableFrom: [], components: componentsOf(before, '1') }),
    );
    await storeRelease(
      fleet.#vendor,
      aRelease({ version: after, updatableFrom: [before], components: componentsOf(after, '2') }),
    );
    await fleet.#create();
    void fleet.#stacks.run(fleet.#stop.signal).catch(() => undefined);
    await fleet.#stacks.synced(fleet.#stop.signal);
    await fleet.operate();
    await fleet.until('all to be installed', () =>
      fleet.members.every(({ name }) => {
        const status = fleet.#stack(name)?.status;
        return status?.version === before && findCondition(status.conditions, 'Ready')?.status === 'True';
      }),
    );
    return fleet;
  }

  async #create(): Promise<void> {
    const { client, namespace } = this.#cluster;
    const stringData = { 'ssh-privatekey': sshKey('ed25519', '-N', '') };
    await client.create(secrets, { metadata: { namespace, name: 'ssh' }, stringData }, call());
    const { spec } = aChannel({
      version: before,
      maxUnavailable,
      maxFailures: failing,
      waves: waves.map(({ name }, index) =>
        index === waves.length - 1
          ? { name, percent: 100 }
          : { name, selector: { labels: [{ name: 'wave', value: name }] } },
      ),
    });
    const channel = { metadata: { name: namespace }, spec } as unknown as JtelChannel;
    await client.create(channelKind, channel, call());
    await inBatches(this.members, (member) => this.#add(member));
  }

  async #add({ name, address, wave, role }: Member): Promise<void> {
    const { namespace, client } = this.#cluster;
    const { host, update } = aStack().spec;
    const { spec } = aStack({
      version: '',
      channelRef: { name: namespace },
      host: { ...host, address },
      update: {
        ...update,
        preUpdateBackup: 'Skip',
        ...(role === 'InWindow' && { windows: [closedWindow()] }),
      },
    });
    const metadata = {
      name,
      namespace,
      labels: { wave: waves[wave]?.name },
    } as unknown as JtelStack['metadata'];
    await client.create(stackKind, { metadata, spec } as JtelStack, call());
  }

  /** Some hosts fall silent, and the channel wants the next release. */
  async change(): Promise<void> {
    this.#stacks.store.onChange(({ key: { name } }) => {
      const status = this.#stack(name)?.status;
      if (status !== undefined) this.#oracle.see(name, status);
    });
    for (const member of this.#of('Silent')) this.#machine(member).unreachable = 'HostUnreachable';
    const { client } = this.#cluster;
    await waitFor('the change of the channel to be taken', async () => {
      const live = await this.channel();
      const changed = { ...live, spec: { ...live.spec, version: after } };
      return await client.replace(channelKind, changed, call()).catch(() => undefined);
    });
  }

  /** As a person who lets the stacks of a wave be updated at any time. */
  async openWindows(wave: number): Promise<void> {
    const { namespace, client } = this.#cluster;
    for (const { name } of this.#of('InWindow').filter((member) => member.wave === wave))
      await waitFor('the change of a window to be taken', async () => {
        const live = await client.get(stackKind, { namespace, name }, call());
        const { windows: _closed, ...update } = live.spec.update;
        const changed = { ...live, spec: { ...live.spec, update } };
        return await client.replace(stackKind, changed, call()).catch(() => undefined);
      });
  }

  /** The silent hosts answer again. */
  revive(): void {
    for (const member of this.#of('Silent')) this.#machine(member).unreachable = undefined;
  }

  async operate(): Promise<void> {
    const options = { driver: this.#driver, vendor: this.#vendor, workers: 32, resyncSeconds: 300 };
    this.#end = await operate(this.#cluster, options);
  }

  async kill(): Promise<void> {
    await this.#end?.();
    this.#end = undefined;
  }

  channel(): Promise<JtelChannel> {
    return this.#cluster.client.get(channelKind, { namespace: '', name: this.#cluster.namespace }, call());
  }

  async until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    await waitFor(what, isSo, { timeoutSeconds: limitSeconds });
  }

  get updated(): number {
    return this.#oracle.updated;
  }

  get faults(): readonly string[] {
    return this.#oracle.faults;
  }

  get mostAtOnce(): number {
    return this.#oracle.mostAtOnce;
  }

  /** Whether all stacks of these waves have the release, but those of these roles. */
  isUpdated(lastWave: number, ...but: readonly Role[]): boolean {
    return this.members.every(
      ({ name, wave, role }) => wave > lastWave || but.includes(role) || this.#oracle.isUpdated(name),
    );
  }

  /** Names of those whose spec was written after they were created. */
  get written(): readonly string[] {
    return this.members
      .map(({ name }) => name)
      .filter((name) => this.#stack(name)?.metadata.generation !== 1);
  }

  async close(): Promise<void> {
    await this.kill();
    const { client, namespace } = this.#cluster;
    await client.delete(channelKind, { namespace: '', name: namespace }, {}, call());
    await inBatches(this.members, async ({ name }) => {
      const metadata = { namespace, name } as JtelStack['metadata'];
      await client.patchFinalizers(stackKind, { metadata } as JtelStack, [], call());
    });
    this.#stop.abort(new Error('the case is over'));
    await this.#driver.close();
    await this.#cluster.close();
  }

  #of(role: Role): readonly Member[] {
    return this.members.filter((member) => member.role === role);
  }

  #machine({ address }: Member): FakeMachine {
    const machine = this.#driver.machines.get(address);
    if (machine === undefined) throw new Error(`there is no machine ${address}`);
    return machine;
  }

  #stack(name: string): JtelStack | undefined {
    return this.#stacks.store.get({ namespace: this.#cluster.namespace, name });
  }
}

async function inBatches<T>(all: readonly T[], each: (one: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < all.length; from += batch)
    await Promise.all(all.slice(from, from + batch).map(each));
}

/** A window that is closed for as long as a campaign lasts. */
function closedWindow(): UpdateWindow {
  const start = new Date(Date.now() + 12 * 3_600_000).toISOString().slice(11, 16);
  return {
    days: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'],
    start,
    durationMinutes: 60,
    timeZone: 'UTC',
  };
}
