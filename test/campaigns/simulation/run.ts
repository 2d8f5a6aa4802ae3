/**
 * Runs what a seed stands for: the operator over hosts, API and stores in memory, in simulated time. Two runs
 * of one seed do the same at the same moments; the digest of the trace shows it.
 */
import { createHash } from 'node:crypto';
import { selfSignedCertificate } from '../../../controllers/inputs/self-signed.ts';
import type { BackupJobInput } from '../../../jobs/backup.ts';
import { storeLikeAJob } from '../../../controllers/backup/testing.ts';
import type { FakeMachine } from '../../../host-driver/fake/machine.ts';
import type { LoggedLine } from '../../support/recording-logger.ts';
import { World } from '../../support/world/world.ts';
import { Dice } from './dice.ts';
import { draw, spareOf, type Play } from './draw.ts';
import { fateOf, type Fault } from './faults.ts';
import { atRest, Watch } from './oracles.ts';
import { Operator, resyncSeconds } from './operator.ts';
import type { Call, Fate } from './ports.ts';
import { takeOver } from './take-over.ts';
import { User } from './users.ts';
import { VirtualTime } from './virtual-time.ts';

export interface SeedResult {
  readonly seed: number;
  readonly play: Play;
  readonly trace: readonly string[];
  /** Of the trace. */
  readonly digest: string;
  /** What was not right; empty when all was. */
  readonly wrong: readonly string[];
  readonly simulatedSeconds: number;
  readonly log: readonly LoggedLine[];
}

/** When a simulated run begins. Backups of tests are older. */
const origin = Date.parse('2027-01-04T08:00:00Z');
/** All must have come to rest so long after the last fault and the last act. */
const longestRecoverySeconds = 3 * 3_600;
/** Three resyncs. */
const restSeconds = 3 * resyncSeconds + 20;
const mostUnrest = 4;

let running: Promise<unknown> = Promise.resolve();

/** One after the other, because a run takes over the clock of this process. */
export function runSeed(seed: number): Promise<SeedResult> {
  const result = running.then(async () => {
    certificate ??= await makeCertificate();
    return await new Run(seed, certificate).play();
  });
  running = result.catch(() => undefined);
  return result;
}

type Certificate = Readonly<Record<'tls.crt' | 'tls.key', string>>;
let certificate: Certificate | undefined;

/** Of the users. Keys are made on other threads, so it is made once, before time begins. */
async function makeCertificate(): Promise<Certificate> {
  const giveBack = takeOver(new VirtualTime(origin), new Dice(0));
  try {
    const [key = '', chain = ''] = (await selfSignedCertificate('acme.jtel.example')).split(
      /(?=-----BEGIN CERT)/,
    );
    return { 'tls.crt': chain, 'tls.key': key };
  } finally {
    giveBack();
  }
}

class Run {
  readonly #seed: number;
  readonly #play: Play;
  readonly #certificate: Certificate;
  readonly #time = new VirtualTime(origin);
  readonly #random: Dice;
  readonly #network: Dice;
  readonly #trace: string[] = [];
  readonly #wrong: string[] = [];
  readonly #log: LoggedLine[] = [];
  readonly #operators = new Set<Operator>();
  readonly #replicas: number;
  readonly #users: User[] = [];
  #watch: Watch | undefined;
  #started = 0;
  /** What was changed lately. */
  #changes: string[] = [];
  /** How many effects are left until one kills who makes it. */
  #crashIn = Number.POSITIVE_INFINITY;

  constructor(seed: number, ofUsers: Certificate) {
    const dice = new Dice(seed);
    this.#seed = seed;
    this.#certificate = ofUsers;
    this.#play = draw(dice.fork());
    this.#network = dice.fork();
    this.#random = dice.fork();
    this.#replicas = dice.pick([1, 2]);
  }

  async play(): Promise<SeedResult> {
    const giveBack = takeOver(this.#time, this.#random);
    const unexpected = (error: unknown): void =>
      this.#violated(`an error that nobody awaits: ${String(error)}`);
    process.on('unhandledRejection', unexpected);
    try {
      const world = await this.#prepare();
      await this.#live(world);
    } finally {
      process.off('unhandledRejection', unexpected);
      for (const operator of this.#operators) operator.kill();
      for (const user of this.#users) user.close();
      giveBack();
    }
    const digest = createHash('sha256').update(this.#trace.join('\n')).digest('hex');
    const [trace, wrong, log] = [this.#trace, this.#wrong, this.#log];
    return {
      seed: this.#seed,
      play: this.#play,
      trace,
      digest,
      wrong,
      log,
      simulatedSeconds: this.#time.seconds,
    };
  }

  async #prepare(): Promise<World> {
    const time = this.#time;
    // Hosts and stores have clocks of their own, which nobody sets.
    const world = await World.create({ timeScale: 1, clock: () => new Date(origin + time.monotonic()) });
    await world.addSecret('tls', this.#certificate);
    world.runJob = (job) => ({
      durationMilliseconds: this.#network.between(1, 90) * 1000,
      result: job.type === 'backup' ? storeLikeAJob(world.customer, job.input as BackupJobInput) : {},
    });
    for (const { address, broken } of this.#play.stories)
      for (const one of [address, spareOf(address)]) {
        const machine = world.machine(one).withoutDocker();
        machine.healthMilliseconds = this.#network.between(0, 20) * 1000;
        machine.breaks = (service, version) => version === broken && service === 'acd-task-runner';
      }
    return world;
  }

  async #live(world: World): Promise<void> {
    const time = this.#time;
    this.#watch = new Watch(world, this.#users, (sentence) => this.#violated(sentence));
    for (const story of this.#play.stories) this.#users.push(new User(story, world, time));
    time.as(undefined, () => {
      for (const user of this.#users)
        user
          .play((what) => this.#tell(what))
          .catch((error: unknown) => this.#violated(`a user met ${String(error)}`));
      for (const fault of this.#play.faults) this.#schedule(world, fault);
    });
    this.#startOperators(world);
    const told = await time.until(() => this.#users.every(({ isDone }) => isDone), 20_000);
    if (!told) this.#violated('the story never ended');
    const { faults } = this.#play;
    await time.pass(Math.max(0, ...faults.map(({ end }) => end + 1 - time.seconds)));
    if (!(await time.until(() => this.#users.every((user) => user.isContent()), longestRecoverySeconds)))
      for (const user of this.#users) if (!user.isContent()) this.#violated(`not content: ${stateOf(user)}`);
    await this.#checkRest();
    for (const sentence of await atRest(world, this.#users, this.#log)) this.#violated(sentence);
  }

  /** Within a few resyncs, nothing is changed any more. */
  async #checkRest(): Promise<void> {
    for (const user of this.#users) user.mayStop = false;
    for (let round = 0; round < mostUnrest; round += 1) {
      this.#changes = [];
      await this.#time.pass(restSeconds);
      if (this.#changes.length === 0) return;
    }
    this.#violated(`not at rest: ${this.#changes.join(', ')}`);
  }

  #tell(what: string): void {
    this.#trace.push(`${this.#time.seconds.toFixed(3)} ${what}`);
  }

  #violated(sentence: string): void {
    if (this.#wrong.includes(sentence)) return;
    this.#wrong.push(sentence);
    this.#tell(`WRONG: ${sentence}`);
  }

  #startOperators(world: World): void {
    while (this.#operators.size < this.#replicas) this.#start(world);
  }

  #start(world: World): Operator {
    const time = this.#time;
    this.#started += 1;
    const operator = new Operator(`operator-${this.#started}`, {
      world,
      time,
      log: this.#log,
      fate: (call, one) => this.#fate(call, one, world),
      arrived: (call, one, outcome, sentSeconds) => {
        this.#tell(`${one.name} ${call.to} ${call.method} ${call.what}: ${outcome}`);
        if (call.isEffect && !/^(Event|Lease|JtelBackupStore) /.test(call.what))
          this.#changes.push(`${call.method} ${call.what}`);
        if (call.to === 'host' && call.isEffect) this.#watch?.effect(call, one, sentSeconds);
      },
      feedSeconds: () => this.#feedSeconds(),
      leads: (one) => {
        this.#tell(`${one.name} leads, term ${one.term}`);
        this.#watch?.leads(one, time.seconds);
      },
      ended: (one, why) => this.#gone(one, String(why), world),
    });
    this.#operators.add(operator);
    this.#tell(`${operator.name} starts`);
    return operator;
  }

  #gone(operator: Operator, why: string, world: World): void {
    this.#tell(`${operator.name} ended: ${why}`);
    this.#operators.delete(operator);
    this.#later(this.#network.between(1, 20), () => this.#startOperators(world));
  }

  #kill(operator: Operator, world: World): void {
    operator.kill();
    this.#gone(operator, 'killed', world);
  }

  #later(seconds: number, then: () => void): void {
    this.#time.as(undefined, () => this.#time.schedule(then, seconds * 1000));
  }

  #fate(call: Call, operator: Operator, world: World): Fate {
    const fate = fateOf(this.#network, this.#play.faults, call, this.#time.seconds);
    if (!call.isEffect || operator.term === undefined) return fate;
    this.#crashIn -= 1;
    if (this.#crashIn > 0) return fate;
    this.#crashIn = Number.POSITIVE_INFINITY;
    this.#kill(operator, world);
    return { ...fate, arrives: this.#network.chance(0.5) };
  }

  #feedSeconds(): number {
    const { seconds } = this.#time;
    const stalled = this.#play.faults.find(
      ({ kind, begin, end }) => kind === 'watch stalled' && begin <= seconds && seconds < end,
    );
    return stalled === undefined ? this.#network.between(0.001, 0.05) : stalled.end - seconds;
  }

  #schedule(world: World, fault: Fault): void {
    this.#later(fault.begin, () => {
      this.#tell(`fault: ${fault.kind} ${fault.address ?? ''}, until ${fault.end.toFixed(0)}`);
      const undo = this.#begin(world, fault);
      this.#later(fault.end - fault.begin, () => {
        this.#tell(`over: ${fault.kind}`);
        undo();
      });
    });
  }

  /** @returns undoes it */
  #begin(world: World, { kind, address, end }: Fault): () => void {
    const nothing = (): void => undefined;
    const machine = world.machine(address);
    const [leader] = [...this.#operators].toSorted((one, other) => (other.term ?? -1) - (one.term ?? -1));
    switch (kind) {
      case 'disk full':
        machine.diskFull = true;
        return () => void (machine.diskFull = false);
      case 'dockerd away':
        return takeDockerAway(machine);
      case 'events lost':
        machine.dropStreams();
        return nothing;
      case 'reboot':
        return reboot(machine);
      case 'operator killed':
        if (leader !== undefined) this.#kill(leader, world);
        return nothing;
      case 'operator killed at an effect':
        this.#crashIn = this.#network.integer(1, 40);
        return nothing;
      case 'operator paused':
        if (leader === undefined) return nothing;
        leader.life.pausedUntil = end;
        this.#later(this.#network.between(0, 20), () => void this.#start(world));
        return nothing;
      case 'operator replaced':
        leader?.terminate();
        this.#start(world);
        return nothing;
      case 'clock set': {
        const seconds = this.#network.between(-3_600, 3_600);
        this.#time.setWallClock(seconds);
        return () => this.#time.setWallClock(-seconds);
      }
      default:
        return nothing;
    }
  }
}

function takeDockerAway(machine: FakeMachine): () => void {
  const { dockerVersion, composeVersion } = machine.facts;
  machine.withoutDocker();
  machine.dropStreams();
  return () => {
    if (dockerVersion === undefined || composeVersion === undefined) return;
    machine.facts = { ...machine.facts, dockerVersion, composeVersion };
  };
}

function reboot(machine: FakeMachine): () => void {
  machine.unreachable = 'HostUnreachable';
  machine.dropStreams();
  const killed = { reason: 'JobFailed', message: 'the machine went down' };
  for (const [uid, job] of machine.jobs)
    if (machine.now() < job.startedAt + (job.outcome.durationMilliseconds ?? 0))
      machine.jobs.set(uid, { ...job, startedAt: 0, outcome: { error: killed } });
  return () => {
    machine.unreachable = undefined;
    for (const { containers } of machine.projects.values())
      for (const one of containers.values()) if (one.state === 'running') one.startedAt = machine.now();
  };
}

function stateOf({ story, stack, deleted, backups, restores }: User): string {
  const { phase, operation, message, observedGeneration } = stack?.status ?? {};
  const orders = [...backups, ...restores].map(
    ({ kind, metadata, status }) => `${kind} ${metadata.name} ${status?.phase}`,
  );
  return JSON.stringify({
    name: story.name,
    deleted,
    phase,
    message,
    operation,
    observedGeneration,
    generation: stack?.metadata.generation,
    orders,
  });
}
