/**
 * Campaign `control-plane`: the API server has a bad day in the middle of every story. It is away, for a minute or an hour; it
 * refuses with 429 or 503; somebody else writes all the time; one right is missing; the leader stands still while another takes
 * over. The story must end as without, with nothing untrue told.
 */
import type { Campaign, CampaignCase } from '../campaign.ts';
import { begin } from '../crash/campaign.ts';
import { stories } from '../crash/stories.ts';
import { check } from '../oracles.ts';
import { LateCaches } from '../../support/world/late-caches.ts';
import { noteTold } from '../../support/world/told.ts';
import { Process } from '../../support/world/world.ts';
import { ended, usualLife, worldSeconds, type UsualLife } from './life.ts';
import { rightCases } from './rights.ts';
import { PausedLeader } from './paused-leader.ts';
import { BadServer, type Trouble } from './server.ts';
import { writeAllTheTime } from './other-writer.ts';

/** Every so many effects, and calls, have their cases. */
const step = 5;
/** An hour of the world lasts 36 s of ours. */
const stepOfHours = 40;
/** A leader that cannot renew its Lease ends after so long (`LeaderElector`). */
const renewSeconds = 10;

export const controlPlaneCampaign: Campaign = {
  title: 'an API server on a bad day',
  // Most of a case is waiting for the scaled clock.
  parallel: 8,
  cases: async (form) => {
    const lives = await Promise.all(stories.map(usualLife));
    const told = new Set(lives.flatMap((life) => [...life.told]));
    const usual = lives.map((life) => ({ ...life, told }));
    if (form === 'short') return usual.flatMap(oneOf);
    return [...usual.flatMap(casesOf), ...rightCases(usual), ...usual.flatMap(hours)];
  },
};

const refusing = (status: 429 | 503): Trouble => ({ is: 'Refusing', status, retryAfterSeconds: 2 });

/** Each kind of trouble, at an effect or a call. */
const kinds: readonly ((life: UsualLife, at: number) => CampaignCase)[] = [
  (life, effect) =>
    troubleCase(life, 'away for eight seconds', { effect, trouble: { is: 'Away' }, seconds: 8 }),
  (life, effect) => troubleCase(life, 'away for a minute', { effect, trouble: { is: 'Away' }, seconds: 60 }),
  (life, effect) => troubleCase(life, 'answers 429', { effect, trouble: refusing(429), seconds: 30 }),
  (life, effect) => troubleCase(life, 'answers 503', { effect, trouble: refusing(503), seconds: 30 }),
  standStill,
  besideWriter,
];

/** Of the short form: each story has one kind of trouble in its middle, or lacks a right. */
function oneOf(life: UsualLife, index: number): readonly CampaignCase[] {
  const kind = kinds[index % (kinds.length + 1)];
  return kind === undefined ? rightCases([life]).slice(0, 1) : [kind(life, Math.min(31, life.effects))];
}

function casesOf(life: UsualLife): readonly CampaignCase[] {
  const atEffects = kinds.filter((kind) => kind !== standStill && kind !== besideWriter);
  return [
    ...every(step, life.effects).flatMap((effect) => atEffects.map((kind) => kind(life, effect))),
    ...every(step, life.calls).map((call) => standStill(life, call)),
    besideWriter(life),
  ];
}

function standStill(life: UsualLife, call: number): CampaignCase {
  return {
    name: `${life.story.name}: the leader stands still in call ${call}`,
    run: () => paused(life, call),
  };
}

function besideWriter(life: UsualLife): CampaignCase {
  return {
    name: `${life.story.name}: somebody writes to the stack all the time`,
    run: () => beside(life),
  };
}

function hours(life: UsualLife): readonly CampaignCase[] {
  return every(stepOfHours, life.effects).map((effect) =>
    troubleCase(life, 'away for an hour', { effect, trouble: { is: 'Away' }, seconds: 3600 }),
  );
}

function every(each: number, count: number): readonly number[] {
  return Array.from({ length: Math.ceil(count / each) }, (_, index) => index * each + 1);
}

function troubleCase(life: UsualLife, name: string, bad: Bad): CampaignCase {
  return { name: `${life.story.name}: ${name} at effect ${bad.effect}`, run: () => troubled(life, bad) };
}

interface Bad {
  readonly effect: number;
  readonly trouble: Trouble;
  readonly seconds: number;
}

/** The server is in trouble from an effect on. Watches say nothing while it is away. */
async function troubled(life: UsualLife, { effect, trouble, seconds }: Bad): Promise<void> {
  const { story } = life;
  const world = await begin(story);
  const told = noteTold(world);
  const [server, caches] = [new BadServer(), new LateCaches()];
  const begun = Promise.withResolvers<void>();
  const begins = (count: number): void => {
    if (count !== effect) return;
    server.trouble = trouble;
    if (trouble.is === 'Away') caches.freeze();
    begun.resolve();
  };
  const between = { api: server.api, follow: caches.follow, versions: caches.versions };
  world.interference = { ...between, effect: begins };
  let process = new Process(world);
  await story.act(world);
  await Promise.race([begun.promise, process.until(story.name, () => story.done(world))]);
  const losesLease = trouble.is === 'Away' && seconds > renewSeconds;
  if (losesLease) {
    await worldSeconds(world, renewSeconds);
    await process.kill();
  }
  await worldSeconds(world, seconds - (losesLease ? renewSeconds : 0));
  server.trouble = undefined;
  world.interference = between;
  caches.relist();
  if (losesLease) process = new Process(world);
  await ended(life, world, process, told);
}

/** Another process takes over while this one stands still; then this one goes on. */
async function paused(life: UsualLife, call: number): Promise<void> {
  const { story } = life;
  const world = await begin(story);
  const told = noteTold(world);
  const leader = new PausedLeader(call);
  world.interference = leader.interference();
  const first = new Process(world);
  await story.act(world);
  await first.until(story.name, async () => leader.isPaused || (await story.done(world)));
  world.interference = {};
  const second = new Process(world);
  await second.until(`${story.name} by another`, () => story.done(world));
  leader.goOn();
  // It notices within the pause between two renewals.
  await worldSeconds(world, 3);
  check(leader.changes.length === 0, `the old leader began: ${leader.changes.join(', ')}`);
  await first.kill();
  await ended(life, world, second, told);
}

async function beside(life: UsualLife): Promise<void> {
  const { story } = life;
  const world = await begin(story);
  const told = noteTold(world);
  const process = new Process(world);
  const stop = writeAllTheTime(world);
  try {
    await story.act(world);
    await process.until(story.name, () => story.done(world));
  } finally {
    stop();
  }
  await ended(life, world, process, told);
}
