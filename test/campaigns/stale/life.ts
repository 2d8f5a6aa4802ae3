/** A story as it goes with caches that hear at once, and what is asked when it ended with others. */
import { isDeepStrictEqual } from 'node:util';
import { LateCaches } from '../../support/world/late-caches.ts';
import { asIn, noteTold, troublesIn, type MayTell } from '../../support/world/told.ts';
import { Process, type World } from '../../support/world/world.ts';
import { begin } from '../crash/campaign.ts';
import type { Story } from '../crash/stories.ts';
import { check, checkEqual, checkRest, checkStatusSecrecy } from '../oracles.ts';

export interface Undisturbed {
  readonly story: Story;
  readonly endState: unknown;
  /** Every end that is right. */
  readonly ends: readonly unknown[];
  readonly events: number;
  readonly effects: number;
  readonly told: readonly string[];
  readonly mayTell: MayTell;
}

export async function undisturbed(story: Story): Promise<Undisturbed> {
  const world = await begin(story);
  const caches = new LateCaches();
  world.interference = caches;
  const noted = noteTold(world);
  const process = new Process(world);
  await story.act(world);
  await process.until(story.name, () => story.done(world));
  const { effects } = process;
  await process.kill();
  const endState = await story.endState(world);
  const told = [...noted.keys()];
  const { events } = caches;
  return { story, endState, ends: [endState], events, effects, told, mayTell: asIn(told) };
}

/** @param prepare says what comes between; the operator hears what happens through the given caches */
export async function survive(
  usual: Undisturbed,
  caches: LateCaches,
  prepare: (world: World) => void,
): Promise<void> {
  const { story, ends, endState, mayTell } = usual;
  const world = await begin(story);
  const told = noteTold(world);
  prepare(world);
  world.interference = { ...world.interference, follow: caches.follow, versions: caches.versions };
  const process = new Process(world);
  await story.act(world);
  try {
    await process.until(story.name, () => story.done(world));
  } catch (error) {
    const conditions = (await world.find())?.status?.conditions;
    throw new Error(`${String(error)}; told: ${JSON.stringify(conditions)}`, { cause: error });
  } finally {
    await process.kill();
  }
  world.interference = {};
  const end = await story.endState(world);
  if (!ends.some((each) => isDeepStrictEqual(end, each)))
    checkEqual(end, endState, 'ended otherwise', 'with caches that hear at once');
  const untrue = troublesIn(told, mayTell);
  check(untrue.length === 0, `was told only here: ${untrue.join('; ')}`);
  await checkRest(world);
  await checkStatusSecrecy(world);
}

/** After a time of the world, which nothing but the clock ends. */
export function later(world: World, seconds: number, act: () => void): void {
  setTimeout(act, (seconds * 1000) / world.timeScale);
}

/** As long as a watch may be silent before a new one is begun (`ReflectorTimes`). */
export const frozenSeconds = 30;
