/** What the users of a simulated run do to their stacks, and when they are content. */
import {
  annotations,
  backupKind,
  restoreKind,
  stackKind,
  type JtelBackup,
  type JtelRestore,
  type JtelStack,
} from '../../../crds/index.ts';
import { ObjectStore } from '../../../runtime/cache/object-store.ts';
import { aRestore } from '../../support/a-restore.ts';
import { stackOf } from '../../support/world/restores.ts';
import type { World } from '../../support/world/world.ts';
import type { Act, Story } from './draw.ts';
import type { VirtualTime } from './virtual-time.ts';

const namespace = 'acme';
const never = new AbortController().signal;
/** Whoever waits for rest goes on after so long, whatever happened. */
const longestPatienceSeconds = 1_500;

export class User {
  readonly story: Story;
  readonly #world: World;
  readonly #time: VirtualTime;
  readonly #stacks = new ObjectStore<JtelStack>();
  readonly #backups = new ObjectStore<JtelBackup>();
  readonly #restores = new ObjectStore<JtelRestore>();
  readonly #unfollow: readonly (() => void)[];
  /** Whether all of the story was told. */
  isDone = false;
  /** How the object was deleted. */
  deleted: Extract<Act, { kind: 'delete' }>['policy'] | undefined;
  /** Whether something was asked for that stops or replaces containers, and has not come to rest. */
  mayStop = true;

  constructor(story: Story, world: World, time: VirtualTime) {
    this.story = story;
    this.#world = world;
    this.#time = time;
    this.#unfollow = [
      world.cluster.follow(stackKind, this.#stacks),
      world.cluster.follow(backupKind, this.#backups),
      world.cluster.follow(restoreKind, this.#restores),
    ];
  }

  close(): void {
    for (const stop of this.#unfollow) stop();
  }

  get key(): { readonly namespace: string; readonly name: string } {
    return { namespace, name: this.story.name };
  }

  get stack(): JtelStack | undefined {
    return this.#stacks.get(this.key);
  }

  get backups(): readonly JtelBackup[] {
    return this.#backups.list().filter(({ spec }) => spec.stackRef.name === this.story.name);
  }

  get restores(): readonly JtelRestore[] {
    return this.#restores.list().filter(({ spec }) => spec.stackRef.name === this.story.name);
  }

  /** Begins the story. It goes on by the clock, beside all others. */
  async play(told: (what: string) => void): Promise<void> {
    const { name, address, version, acts } = this.story;
    const stack = stackOf({ version });
    const { host, network } = stack.spec;
    told(`${name}: create, version ${version}`);
    await this.#world.apply({
      ...stack,
      metadata: { namespace, name } as JtelStack['metadata'],
      spec: {
        ...stack.spec,
        host: { ...host, address },
        network: { ...network, tlsSecretRef: { name: 'tls' } },
      },
    });
    for (const [index, act] of acts.entries()) {
      await this.#when(act);
      told(`${name}: ${JSON.stringify(act)}`);
      if (act.kind !== 'back up') this.mayStop = true;
      await this.#do(act, index);
    }
    this.isDone = true;
  }

  /** Whether nothing that was asked for is under way. */
  isContent(): boolean {
    const { stack } = this;
    if (this.deleted !== undefined && stack !== undefined) return false;
    const busy = [...this.backups, ...this.restores].some(
      ({ metadata, status }) =>
        (status?.phase !== 'Completed' && status?.phase !== 'Failed') ||
        (metadata.finalizers ?? []).length > 0,
    );
    // A stack that is stopped cannot be backed up; its backups wait.
    if (busy && stack?.spec.powerState !== 'Stopped') return false;
    if (stack === undefined) return true;
    const { metadata, status, spec } = stack;
    if (status?.observedGeneration !== metadata.generation || status?.operation !== undefined) return false;
    if (status?.phase === (spec.powerState === 'Stopped' ? 'Stopped' : 'Ready')) return true;
    return this.isRefused() || (spec.version === this.story.broken && this.isRolledBack());
  }

  /** Whether the version cannot be reached from that of the data, such as after two updates in a row or a restore. */
  isRefused(): boolean {
    const ready = this.stack?.status?.conditions?.find(({ type }) => type === 'Ready');
    const version = this.stack?.status?.conditions?.find(({ type }) => type === 'UpToDate');
    return [ready?.reason, version?.reason].includes('UpdateNotSupported');
  }

  /** Whether the last update was undone. */
  isRolledBack(): boolean {
    const [last] = this.stack?.status?.history ?? [];
    return last?.action === 'Rollback' && last.result === 'Succeeded';
  }

  async #when({ after, pause }: Act): Promise<void> {
    if (after === 'Rest') await this.#rest();
    await this.#pause(pause);
  }

  async #rest(): Promise<void> {
    const end = this.#time.seconds + longestPatienceSeconds;
    do await this.#pause(5);
    while (!this.isContent() && this.#time.seconds < end);
    if (this.isContent()) this.mayStop = false;
  }

  #pause(seconds: number): Promise<void> {
    return new Promise((resolve) => this.#time.schedule(resolve, seconds * 1000));
  }

  async #do(act: Act, index: number): Promise<void> {
    const { cluster } = this.#world;
    const { name } = this.story;
    switch (act.kind) {
      case 'change':
        return this.#change(act.spec);
      case 'move': {
        const host = (await cluster.get(stackKind, this.key, { signal: never })).spec.host;
        return this.#change({ host: { ...host, address: act.address } });
      }
      case 'back up': {
        const backup: JtelBackup = {
          apiVersion: 'jtel.de/v1alpha1',
          kind: 'JtelBackup',
          metadata: { namespace, name: `${name}-${index}` } as JtelBackup['metadata'],
          spec: { stackRef: { name }, trigger: 'Manual', verify: 'Checksum' },
        };
        return void (await cluster.create(backupKind, backup, { signal: never }));
      }
      case 'restore': {
        const asked = {
          stackRef: { name },
          source: { latestOf: `${namespace}.${name}` },
          confirmReplace: name,
        };
        const restore = aRestore({ ...asked, preRestoreBackup: 'Skip' });
        const metadata = { namespace, name: `${name}-${index}` } as JtelRestore['metadata'];
        return void (await cluster.create(restoreKind, { ...restore, metadata }, { signal: never }));
      }
      case 'delete': {
        await this.#change({ deletionPolicy: act.policy });
        const live = await cluster.get(stackKind, this.key, { signal: never });
        const { uid } = live.metadata;
        if (act.policy === 'Destroy')
          await cluster.patchAnnotations(
            stackKind,
            live,
            { [annotations.confirmDestroy]: uid },
            { signal: never },
          );
        this.deleted = act.policy;
        return cluster.delete(stackKind, this.key, { uid }, { signal: never });
      }
    }
  }

  async #change(spec: Partial<JtelStack['spec']>): Promise<void> {
    const { cluster } = this.#world;
    const live = await cluster.get(stackKind, this.key, { signal: never });
    await cluster.replace(stackKind, { ...live, spec: { ...live.spec, ...spec } }, { signal: never });
  }
}
