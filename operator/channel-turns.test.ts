/**
 * A channel and its stacks agree on turns although each sees the other late: both sides as they are, over random fleets. Nothing
 * is remembered between looks, so each look may be that of a new process.
 */
import { describe, expect, it } from 'vitest';
import { planChannel } from '../controllers/channel/index.ts';
import { aChannel } from '../controllers/channel/testing.ts';
import { aHost, aStack, followChannel, now as start, state } from '../controllers/stack/testing.ts';
import { KnownWindows } from '../controllers/times/known-windows.ts';
import { waveOf } from '../controllers/channels/place.ts';
import type { JtelChannel, JtelStack, StackChannel } from '../crds/index.ts';

type FollowInput = Parameters<typeof followChannel>[0];
type Result = 'Succeeds' | 'RollsBack' | 'IsHeld';

/** The same numbers for the same seed. */
function numbers(seed: number): () => number {
  let value = seed * 2_654_435_761 + 1;
  return () => {
    value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d) + 0x6d2b79f5;
    const mixed = Math.imul(value ^ (value >>> 12), 0x297a2d39);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

const windows = new KnownWindows();
const conditions = ['Ready', 'Available', 'HostReachable'].map((type) => ({
  type,
  status: 'True' as const,
  reason: 'Healthy',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
}));

/** A stack whose host is as simple as it can be. */
class SimulatedStack {
  readonly name: string;
  readonly fate: Result;
  readonly labels: Readonly<Record<string, string>>;
  applied = '3.43.1';
  membership: StackChannel | undefined;
  /** The release that is being brought onto the host. */
  working: string | undefined;
  ended: { readonly version: string; readonly result: Exclude<Result, 'Succeeds'> } | undefined;
  seenChannel = 0;

  constructor(name: string, fate: Result, labels: Readonly<Record<string, string>>) {
    this.name = name;
    this.fate = fate;
    this.labels = labels;
  }

  get wanted(): string {
    return this.membership?.version ?? this.applied;
  }

  /** Whether customers may notice. */
  get isTouched(): boolean {
    return this.working !== undefined || this.ended?.result === 'IsHeld';
  }

  object(): JtelStack {
    return aStack(
      { version: this.wanted, channelRef: { name: 'stable' } },
      { name: this.name, uid: this.name, labels: this.labels },
      {
        version: this.applied,
        conditions,
        ...(this.membership === undefined ? {} : { channel: this.membership }),
      },
    );
  }

  /** One look: what it makes of the channel. */
  follow(channel: JtelChannel, hesitates: boolean, now: Date): void {
    this.membership = followChannel({ ...this.#input(channel, hesitates), now });
  }

  #input(channel: JtelChannel, hesitates: boolean): Omit<FollowInput, 'now'> {
    const version = this.wanted;
    const isBegun = this.working === version || this.ended?.version === version;
    const isDone = this.applied === version && !isBegun;
    const waits = { kind: 'Wait', step: 'Window', reason: 'WaitingForWindow', afterSeconds: 60 } as const;
    const facts = {
      is: 'WindowClosed',
      present: this.applied,
      version,
      opens: start,
      timeZone: 'UTC',
    } as const;
    const outcome = this.ended?.version === version ? this.ended.result : undefined;
    const { applied: base } = state();
    return {
      stack: this.object(),
      channel,
      plan: isDone ? { kind: 'Done', step: 'Done' } : { ...waits, facts },
      ...(hesitates && !isBegun && !isDone ? { objection: { ...waits, facts } } : {}),
      observed: {
        host: {
          ok: true,
          value: aHost({ state: state({ applied: { ...base!, version: this.applied } }) }),
        },
        revisions: {
          all: [],
          current: {
            name: 'r',
            number: 1,
            time: '',
            spec: this.object().spec,
            ...(isBegun ? { attempt: { action: 'Update', startTime: '' } } : {}),
            ...(outcome === undefined
              ? {}
              : { outcome: { result: outcome === 'IsHeld' ? 'Held' : 'RolledBack', time: '' } }),
          },
        },
      },
      isActing: this.working !== undefined,
    };
  }

  /** As the stack's controller does whenever another release is wanted. */
  begin(): boolean {
    const { wanted } = this;
    if (this.working !== undefined || wanted === this.applied || this.ended?.version === wanted) return false;
    this.working = wanted;
    this.ended = undefined;
    return true;
  }

  end(): void {
    if (this.working === undefined) return;
    if (this.fate === 'Succeeds' || this.working === '3.43.1') this.applied = this.working;
    else this.ended = { version: this.working, result: this.fate };
    this.working = undefined;
  }
}

class Simulation {
  readonly stacks: readonly SimulatedStack[];
  /** All versions of the channel, oldest first. */
  readonly channels: JtelChannel[];
  readonly #random: () => number;
  readonly #limit: number;
  #now = start;
  /** What the channel's controller has seen of each stack. */
  readonly #seen: Map<string, JtelStack>;
  mostAtOnce = 0;
  readonly faults: string[] = [];

  constructor(seed: number) {
    const random = numbers(seed);
    this.#random = random;
    const failing = random() * 0.4;
    const isHolding = random() < 0.3;
    this.#limit = 1 + Math.floor(random() * 4);
    this.stacks = Array.from({ length: 3 + Math.floor(random() * 25) }, (_, index) => {
      const fails = index > 2 && random() < failing;
      const fate = !fails ? 'Succeeds' : isHolding && random() < 0.5 ? 'IsHeld' : 'RollsBack';
      return new SimulatedStack(`s${index}`, fate, index < 2 ? { tier: 'pilot' } : {});
    });
    this.channels = [
      aChannel({
        maxUnavailable: this.#limit,
        maxFailures: Math.floor(random() * 30),
        waves: [
          { name: 'pilot', selector: { labels: [{ name: 'tier', value: 'pilot' }] } },
          { name: 'some', percent: 30 },
          { name: 'rest', percent: 70 },
        ],
      }),
    ];
    this.#seen = new Map(this.stacks.map((stack) => [stack.name, stack.object()]));
  }

  get channel(): JtelChannel {
    return this.channels.at(-1) as JtelChannel;
  }

  change(spec: Partial<JtelChannel['spec']>): void {
    this.channels.push({ ...this.channel, spec: { ...this.channel.spec, ...spec } });
  }

  /** One thing happens, whatever comes next. */
  step(): void {
    const kind = this.#random();
    if (kind < 0.15) this.look();
    else this.#stackStep(this.#any(), kind);
  }

  #stackStep(stack: SimulatedStack, kind: number): void {
    if (kind < 0.45) {
      // A cache goes forward only, and may be far behind.
      const behind = Math.floor(this.#random() * (this.channels.length - stack.seenChannel));
      stack.seenChannel += behind;
      this.follow(stack, this.#random() < 0.2);
    } else if (kind < 0.65) {
      if (stack.begin()) this.#begun();
    } else if (kind < 0.72) stack.end();
    else this.#seen.set(stack.name, stack.object());
  }

  follow(stack: SimulatedStack, hesitates = false): void {
    stack.follow(this.channels[stack.seenChannel] as JtelChannel, hesitates, this.#now);
  }

  /** The channel's controller, on what it has seen. */
  look(): void {
    const { channel } = this;
    const planned = planChannel(channel, [...this.#seen.values()], { now: this.#now, windows });
    const { waves, turns, turnNumber } = planned;
    const isNew = channel.status === undefined || channel.status.version !== channel.spec.version;
    for (const turn of turns.filter(({ number }) => number > (channel.status?.turnNumber ?? 0)))
      this.#granted(turn.uid, isNew);
    if (turns.length > this.#limit) this.faults.push(`${turns.length} turns`);
    this.channels.push({
      ...channel,
      status: { ...channel.status, version: channel.spec.version, waves, turns, turnNumber },
    });
  }

  #granted(uid: string, isNew: boolean): void {
    const wave = this.#waveOf(uid);
    const first = this.stacks.filter((one) => (this.#waveOf(one.name) ?? 0) < (wave ?? 0));
    const late = first.filter(
      ({ fate, applied }) => fate === 'Succeeds' && applied !== this.channel.spec.version,
    );
    if (late.length > 0 && this.channel.spec.version !== '3.43.1')
      this.faults.push(`${uid} before ${late[0]?.name}${isNew ? ', at once' : ''}`);
  }

  #waveOf(uid: string): number | undefined {
    const stack = this.stacks.find(({ name }) => name === uid);
    return stack === undefined ? undefined : waveOf(stack.object(), this.channel);
  }

  #begun(): void {
    const touched = this.stacks.filter(({ isTouched }) => isTouched).length;
    this.mostAtOnce = Math.max(this.mostAtOnce, touched);
    if (touched > this.#limit) this.faults.push(`${touched} at once, ${this.#limit} allowed`);
  }

  #any(): SimulatedStack {
    return this.stacks[Math.floor(this.#random() * this.stacks.length)] as SimulatedStack;
  }

  /** Everybody sees everything and works, until nothing changes any more. */
  settle(): void {
    for (let before = ''; before !== this.#picture();) {
      before = this.#picture();
      // After the pause of those that gave their turn back.
      this.#now = new Date(this.#now.getTime() + 600_000);
      for (const stack of this.stacks) {
        stack.seenChannel = this.channels.length - 1;
        this.follow(stack);
        if (stack.begin()) this.#begun();
        stack.end();
        this.follow(stack);
        this.#seen.set(stack.name, stack.object());
      }
      this.look();
    }
  }

  #picture(): string {
    const stacks = this.stacks.map(({ membership, applied }) => [membership, applied]);
    return JSON.stringify([stacks, this.channel.status?.turns, this.channel.status?.waves]);
  }
}

describe('a channel and its stacks', () => {
  it('never update more at once than is allowed, nor out of their waves, whatever they see and when', () => {
    for (let seed = 1; seed <= 12; seed += 1) {
      const fleet = new Simulation(seed);
      fleet.settle();
      fleet.change({ version: '3.43.2' });
      for (let count = 0; count < 3000; count += 1) fleet.step();
      expect(fleet.faults, `seed ${seed}`).toEqual([]);
    }
  });

  it('also while it is paused, goes on, and gets another release in the middle', () => {
    for (let seed = 100; seed <= 108; seed += 1) {
      const fleet = new Simulation(seed);
      fleet.settle();
      for (const spec of [
        { version: '3.43.2' },
        { paused: true },
        { paused: false },
        { version: '3.44.0' },
        { version: '3.43.2' },
      ]) {
        fleet.change(spec);
        for (let count = 0; count < 600; count += 1) fleet.step();
      }
      const atOnce = fleet.faults.filter((fault) => !fault.includes('before'));
      expect(atOnce, `seed ${seed}`).toEqual([]);
    }
  });

  it('end: all that can run the release run it, and no turn is left', () => {
    for (let seed = 200; seed <= 215; seed += 1) {
      const fleet = new Simulation(seed);
      fleet.settle();
      const [pilot] = fleet.channel.spec.waves;
      const waves = [pilot!, { name: 'rest', percent: 100 }];
      fleet.change({ version: '3.43.2', waves, maxFailures: 1000, maxUnavailable: 100 });
      for (let count = 0; count < 200; count += 1) fleet.step();
      fleet.settle();
      const late = fleet.stacks.filter(({ fate, applied }) => fate === 'Succeeds' && applied !== '3.43.2');
      expect(
        late.map(({ name }) => name),
        `seed ${seed}`,
      ).toEqual([]);
      const held = fleet.stacks.filter(({ fate }) => fate === 'IsHeld').map(({ name }) => name);
      expect((fleet.channel.status?.turns ?? []).map(({ uid }) => uid).toSorted()).toEqual(held.toSorted());
    }
  });
});
