/**
 * `node bench/fleet/night.ts --stacks N`: one night of a fleet in simulated time. All stacks are due at the same moment; the
 * very operator asks for their backups and makes them, over an API, hosts and stores in memory. Prints a line of JSON, and
 * exits with 1 when a figure is beyond its bound.
 * `docs/decisions/0061-simulation.md` says what is real in it.
 */
import { parseArgs } from 'node:util';
import { backupKind, stackKind, storeKind, type JtelBackup, type JtelStack } from '../../crds/index.ts';
import type { BackupJobInput } from '../../jobs/backup.ts';
import { secrets } from '../../runtime/client/kinds.ts';
import { ObjectStore } from '../../runtime/cache/object-store.ts';
import { Dice } from '../../test/campaigns/simulation/dice.ts';
import { fateOf } from '../../test/campaigns/simulation/faults.ts';
import { Operator } from '../../test/campaigns/simulation/operator.ts';
import type { Call } from '../../test/campaigns/simulation/ports.ts';
import { takeOver } from '../../test/campaigns/simulation/take-over.ts';
import { VirtualTime } from '../../test/campaigns/simulation/virtual-time.ts';
import { aStore } from '../../test/support/world/a-store.ts';
import { backup, stackOf } from '../../test/support/world/restores.ts';
import { World } from '../../test/support/world/world.ts';
import { Busiest, mostAtOnce, type Span } from './busiest.ts';

export interface NightFigures {
  readonly stacks: number;
  /** How many ended well. */
  readonly completed: number;
  /** Seconds from the time of the schedule until the last backup had ended. */
  readonly lastSeconds: number;
  /** Jobs that ran at the same time. */
  readonly mostAtOnce: number;
  /** Jobs that ran at the same time in one store. */
  readonly mostOfOneStore: number;
  /** Of each backup. */
  readonly apiCallsEach: number;
  readonly apiWritesEach: number;
  readonly hostCallsEach: number;
  readonly storeRequestsEach: number;
  /** In the busiest second. */
  readonly mostApiCallsPerSecond: number;
  /** To all stores together. */
  readonly mostStoreRequestsPerSecond: number;
  /** Of this process, which also has all hosts, stores and objects. */
  readonly residentMB: number;
  readonly processorSecondsEach: number;
}

/** The most that each figure may be, whatever the number of stacks. */
const nightBounds = {
  // The spread of the schedule and five minutes.
  lastSeconds: 50 * 60,
  // What the operator's options have by default.
  mostAtOnce: 50,
  mostOfOneStore: 10,
  apiCallsEach: 200,
  apiWritesEach: 16,
  mostApiCallsPerSecond: 400,
  mostStoreRequestsPerSecond: 200,
} as const satisfies Partial<Record<keyof NightFigures, number>>;

const begin = '2027-01-04T01:30:00Z';
/** After the begin: by then all are installed. */
const dueSeconds = 30 * 60;
const longestNightSeconds = 3 * 3600;
const stacksOfAStore = 20;
/** How long the job of a backup takes. */
const jobSeconds = [30, 150] as const;
const never = new AbortController().signal;

interface Job extends Span {
  readonly store: string;
}

/** Takes over the clock of the process while it runs. */
export async function night(stacks: number): Promise<NightFigures> {
  const origin = Date.parse(begin);
  const [time, dice] = [new VirtualTime(origin), new Dice(1)];
  const giveBack = takeOver(time, dice);
  try {
    const jobs: Job[] = [];
    const world = await World.create({ timeScale: 1, clock: () => new Date(origin + time.monotonic()) });
    const usual = world.runJob;
    world.runJob = (job) => {
      if (job.type !== 'backup') return usual(job);
      const seconds = dice.between(...jobSeconds);
      const input = job.input as BackupJobInput;
      jobs.push({
        store: input.identity.split('.')[0] ?? '',
        from: time.seconds,
        to: time.seconds + seconds,
      });
      return { ...usual(job), durationMilliseconds: seconds * 1000 };
    };
    await createFleet(world, stacks);
    const calls = new Calls();
    const operator = new Operator('operator', {
      world,
      time,
      fate: (call) => fateOf(dice, [], call, time.seconds),
      arrived: (call) => calls.count(call, time.seconds),
      feedSeconds: () => dice.between(0.001, 0.05),
      leads: () => undefined,
      ended: (_, why) => {
        throw new Error('the operator ended', { cause: why });
      },
      log: forgetful(),
    });
    try {
      const backups = await untilBackedUp(world, time, stacks, calls);
      const processor = process.cpuUsage(calls.processor);
      return {
        stacks,
        completed: backups.filter(({ status }) => status?.phase === 'Completed').length,
        lastSeconds: time.seconds - dueSeconds,
        mostAtOnce: mostAtOnce(jobs),
        mostOfOneStore: Math.max(
          ...Object.values(Object.groupBy(jobs, ({ store }) => store)).map((some = []) => mostAtOnce(some)),
        ),
        ...calls.figures(stacks),
        residentMB: process.memoryUsage().rss / 1e6,
        processorSecondsEach: (processor.user + processor.system) / 1e6 / stacks,
      };
    } finally {
      operator.kill();
    }
  } finally {
    giveBack();
  }
}

function storeOf(index: number): string {
  return `tenant-${Math.floor(index / stacksOfAStore)}`;
}

/** Every so many stacks are of one tenant, with a namespace and a store. */
async function createFleet(world: World, stacks: number): Promise<void> {
  for (let index = 0; index < stacks; index += 1) {
    const namespace = storeOf(index);
    if (index % stacksOfAStore === 0) await addTenant(world, namespace);
    const address = `198.51.${Math.floor(index / 250)}.${(index % 250) + 1}`;
    world.machine(address);
    const stack = stackOf({
      backup: { ...backup, state: 'Enabled', timeZone: 'Etc/UTC' },
    });
    await world.apply({
      ...stack,
      metadata: { namespace, name: `stack-${index}` } as JtelStack['metadata'],
      spec: { ...stack.spec, host: { ...stack.spec.host, address } },
    });
  }
}

async function addTenant({ cluster }: World, namespace: string): Promise<void> {
  await cluster.create(storeKind, aStore(namespace, 'vendor', 'Vendor'), { signal: never });
  await cluster.create(storeKind, aStore(namespace, 'customer', 'Customer'), { signal: never });
  for (const name of ['ssh', 'store-credentials']) {
    const values = await cluster.getSecret('acme', name, { signal: never });
    const stringData = Object.fromEntries(values.keys.map((key) => [key, values.get(key)]));
    await cluster.create(secrets, { metadata: { namespace, name }, stringData }, { signal: never });
  }
}

/** @returns the backups of the night, all ended */
async function untilBackedUp(
  world: World,
  time: VirtualTime,
  stacks: number,
  calls: Calls,
): Promise<readonly JtelBackup[]> {
  const [live, asked] = [new ObjectStore<JtelStack>(), new ObjectStore<JtelBackup>()];
  world.cluster.follow(stackKind, live);
  world.cluster.follow(backupKind, asked);
  const installed = (): boolean => live.list().every(({ status }) => status?.phase === 'Ready');
  if (!(await time.until(installed, dueSeconds - time.seconds)))
    throw new Error(
      `not all are installed: ${JSON.stringify(live.list().find(({ status }) => status?.phase !== 'Ready')?.status)}`,
    );
  await time.pass(dueSeconds - time.seconds);
  calls.begin();
  const ended = ({ status }: JtelBackup): boolean =>
    status?.phase === 'Completed' || status?.phase === 'Failed';
  const over = (): boolean => asked.size >= stacks && asked.list().every(ended);
  if (!(await time.until(over, longestNightSeconds)))
    throw new Error(
      `after ${longestNightSeconds} s ${asked.list().filter(ended).length} of ${stacks} have ended`,
    );
  return asked.list();
}

/** What the operator asks for during the night. */
class Calls {
  processor = process.cpuUsage();
  #counts = { api: 0, host: 0, store: 0 };
  #writes = 0;
  readonly #busiest = { api: new Busiest(), store: new Busiest() };
  #counting = false;

  begin(): void {
    this.#counting = true;
    this.processor = process.cpuUsage();
  }

  count({ to, what, isEffect }: Call, seconds: number): void {
    if (!this.#counting || what.startsWith('Lease ')) return;
    this.#counts[to] += 1;
    if (to === 'host') return;
    this.#busiest[to].count(seconds);
    if (to === 'api' && isEffect) this.#writes += 1;
  }

  figures(
    stacks: number,
  ): Pick<
    NightFigures,
    | 'apiCallsEach'
    | 'apiWritesEach'
    | 'hostCallsEach'
    | 'storeRequestsEach'
    | 'mostApiCallsPerSecond'
    | 'mostStoreRequestsPerSecond'
  > {
    const { api, host, store } = this.#counts;
    return {
      apiCallsEach: api / stacks,
      apiWritesEach: this.#writes / stacks,
      hostCallsEach: host / stacks,
      storeRequestsEach: store / stacks,
      mostApiCallsPerSecond: this.#busiest.api.most,
      mostStoreRequestsPerSecond: this.#busiest.store.most,
    };
  }
}

/** Nobody reads what was logged, and it would count as memory. */
function forgetful(): [] {
  return Object.assign([], { push: () => 0 }) as [];
}

/** @returns a sentence for each bound that is exceeded */
export function beyondBounds(figures: NightFigures): readonly string[] {
  const missing = figures.stacks - figures.completed;
  return [
    ...(missing === 0 ? [] : [`${missing} backups did not end well`]),
    ...Object.entries(nightBounds).flatMap(([name, most]) => {
      const figure = figures[name as keyof typeof nightBounds];
      return figure <= most ? [] : [`${name} is ${figure.toFixed(1)}; the bound is ${most}`];
    }),
  ];
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { stacks: { type: 'string', default: '1000' } } });
  const figures = await night(Number(values.stacks));
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  for (const sentence of beyondBounds(figures)) {
    process.stderr.write(`beyond bounds: ${sentence}\n`);
    process.exitCode = 1;
  }
}
