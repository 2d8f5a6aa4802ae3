/** A story as it goes without any trouble, and what is asked when it ended with some. */
import { asIn, noteTold, troublesIn } from '../../support/world/told.ts';
import { Process, type World } from '../../support/world/world.ts';
import { begin } from '../crash/campaign.ts';
import type { Story } from '../crash/stories.ts';
import { check, checkEqual, checkRest, checkStatusSecrecy } from '../oracles.ts';
import { PausedLeader } from './paused-leader.ts';
import { BadServer } from './server.ts';

/** A story without any trouble. */
export interface UsualLife {
  readonly story: Story;
  readonly endState: unknown;
  readonly effects: number;
  /** Of the API and the hosts. */
  readonly calls: number;
  /** Each verb with its group and resource. */
  readonly asked: ReadonlySet<string>;
  readonly told: ReadonlySet<string>;
}

export async function usualLife(story: Story): Promise<UsualLife> {
  const world = await begin(story);
  const [server, leader] = [new BadServer(), new PausedLeader()];
  const { hosts, api = (cluster) => cluster } = leader.interference();
  world.interference = { ...(hosts && { hosts }), api: (cluster) => api(server.api(cluster)) };
  const told = noteTold(world);
  const process = new Process(world);
  await story.act(world);
  await process.until(story.name, () => story.done(world));
  const { effects } = process;
  await process.kill();
  const { calls } = leader;
  return {
    story,
    endState: await story.endState(world),
    effects,
    calls,
    asked: server.asked,
    told: new Set(told.keys()),
  };
}

/** Waits for the end of the story, and asks what a campaign asks. */
export async function ended(
  { story, endState, told: usual }: UsualLife,
  world: World,
  process: Process,
  told: ReadonlyMap<string, string>,
): Promise<void> {
  try {
    await process.until(story.name, () => story.done(world));
  } catch (error) {
    const conditions = (await world.find())?.status?.conditions;
    throw new Error(`${String(error)}; told: ${JSON.stringify(conditions)}`, { cause: error });
  } finally {
    await process.kill();
  }
  world.interference = {};
  check(process.failure === undefined, `the process ended by itself: ${String(process.failure)}`);
  checkEqual(await story.endState(world), endState, 'ended otherwise', 'without trouble');
  const untrue = troublesIn(told, asIn(usual));
  check(untrue.length === 0, `was told only here: ${untrue.join('; ')}`);
  await checkRest(world);
  await checkStatusSecrecy(world);
}

/** The time of the trouble itself, which nothing but the clock ends. */
export function worldSeconds({ timeScale }: World, seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, (seconds * 1000) / timeScale));
}
