/**
 * Campaign A: the operator is killed before and after every effect of every story, and the next process must bring the story
 * to the same end (O1), then be at rest (O5), leave no orphans (O6) and no secret in a status (O7). Each case is one kill, or
 * two in a row.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Campaign, CampaignCase, CampaignForm } from './campaign.ts';
import { stories, type Story } from './stories.ts';
import { Process, stackKey, World } from '../support/world/world.ts';

const never = new AbortController().signal;
/** The short form kills at every so many effects. */
const shortStep = 17;
/** Rounds of three looks each after which everything must be still. */
const longestUnrest = 4;

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
  const expected = story.endState(reference);
  const step = form === 'long' ? 1 : shortStep;
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

/** The world as it is before the story: whatever that takes, by an operator that lives. */
async function begin(story: Story): Promise<World> {
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
  const end = story.endState(world);
  if (!isDeepStrictEqual(end, expected))
    throw new Error(`ended otherwise: ${JSON.stringify(end)} instead of ${JSON.stringify(expected)}`);
  await proveRest(world);
  await proveSecrecy(world);
}

/** O5: within a few looks a new process comes to rest: three looks at the host in a row without a change there or in the API. */
async function proveRest(world: World): Promise<void> {
  if ((await world.find()) === undefined) return;
  const process = new Process(world);
  const machine = world.machine((await world.stack()).spec.host.address);
  let restless: readonly string[] = [];
  for (let round = 0; round < longestUnrest; round += 1) {
    const [seen, written] = [machine.calls.length, process.log.length];
    await process.until(
      'three looks at the host',
      async () => machine.calls.slice(seen).filter(({ method }) => method === 'observe').length >= 3,
    );
    // A store is tried now and then, and says when: that is no unrest of the stack.
    restless = process.log.slice(written).filter((entry) => !entry.endsWith('JtelBackupStore'));
    if (restless.length === 0) break;
  }
  await process.kill();
  if (restless.length > 0) throw new Error(`not at rest: ${restless.join(', ')}`);
}

/** O7 */
async function proveSecrecy(world: World): Promise<void> {
  const stack = await world.find();
  if (stack === undefined) return;
  const credentials = await world.cluster.getSecret(stackKey.namespace, `${stackKey.name}-credentials`, {
    signal: never,
  });
  const status = JSON.stringify(stack.status);
  const leaked = credentials.keys.find((key) => status.includes(credentials.get(key)));
  if (leaked !== undefined) throw new Error(`the status shows ${leaked}`);
}
