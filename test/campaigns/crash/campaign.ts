/**
 * Campaign `crash`: the operator is killed before and after every effect of every story. The next process
 * must bring the story to the same end, orphans counted, then be at rest, and show no secret. Each case is
 * one kill, or two in a row.
 */
import type { Campaign, CampaignCase, CampaignForm } from '../campaign.ts';
import { checkEqual, checkRest, checkStatusSecrecy } from '../oracles.ts';
import { stories, type Story } from './stories.ts';
import { Process, World } from '../../support/world/world.ts';

/** The short form kills at every so many effects, but also short stories at some. */
const shortStep = 17;
const fewestKills = 6;

export const crashCampaign: Campaign = {
  title: 'kills before and after every effect',
  // Most of a case is waiting for the scaled clock.
  parallel: 8,
  cases: async (form) => (await Promise.all(stories.map((story) => casesOf(story, form)))).flat(),
};

async function casesOf(story: Story, form: CampaignForm): Promise<readonly CampaignCase[]> {
  const reference = await begin(story);
  await story.act(reference);
  const process = new Process(reference);
  await process.until(story.name, () => story.done(reference));
  const { effects } = process;
  await process.kill();
  const expected = await story.endState(reference);
  const step = form === 'long' ? 1 : Math.min(shortStep, Math.ceil(effects / fewestKills));
  const kills = Array.from({ length: Math.ceil(effects / step) }, (_, index) => index * step + 1);
  return kills.flatMap((crashAt) => [
    { name: `${story.name}: killed at effect ${crashAt}`, run: () => survive(story, expected, [crashAt]) },
    ...(form === 'long'
      ? [1, 3, 6].map((second) => ({
          name: `${story.name}: killed at effect ${crashAt}, and again at ${second}`,
          run: () => survive(story, expected, [crashAt, second]),
        }))
      : []),
  ]);
}

/** The world before the story begins. An operator that stays alive brings it there. */
export async function begin(story: Story): Promise<World> {
  const world = await World.create();
  await story.prepare(world, async (what, condition) => {
    const process = new Process(world);
    await process.until(what, condition);
    await process.kill();
  });
  return world;
}

async function survive(story: Story, expected: unknown, kills: readonly number[]): Promise<void> {
  const world = await begin(story);
  await story.act(world);
  for (const crashAt of kills) {
    const process = new Process(world, crashAt);
    await process.until(story.name, () => story.done(world));
    await process.kill();
  }
  const last = new Process(world);
  await last.until(`${story.name} after the kill`, () => story.done(world));
  await last.kill();
  checkEqual(await story.endState(world), expected, 'ended otherwise', 'without a kill');
  await checkRest(world);
  await checkStatusSecrecy(world);
}
