/**
 * One right after the other is missing. The operator goes on, says in its log which verb and resource it lacks, and does the rest
 * once the right is given.
 */
import { operatorRights, rightName, signingRights, type Right } from '../../../doctor/judge/rights.ts';
import { Process } from '../../support/world/world.ts';
import type { CampaignCase } from '../campaign.ts';
import { begin } from '../crash/campaign.ts';
import { check } from '../oracles.ts';
import { ended, worldSeconds, type UsualLife } from './life.ts';
import { BadServer } from './server.ts';

/** Long enough for some tries. */
const missingSeconds = 60;

/** Each right in each story that uses it. */
export function rightCases(lives: readonly UsualLife[]): readonly CampaignCase[] {
  return [...operatorRights, ...signingRights].flatMap((right) =>
    lives
      .filter(({ asked }) => asked.has(`${right.verb} ${right.group} ${right.resource}`))
      .map((life) => ({
        name: `${life.story.name}: without the right ${rightName(right)}`,
        run: () => without(life, right),
      })),
  );
}

async function without(life: UsualLife, right: Right): Promise<void> {
  const { story } = life;
  const world = await begin(story);
  const server = new BadServer();
  server.trouble = { is: 'Denying', right };
  world.interference = { api: server.api, logger: server.logger };
  const process = new Process(world);
  await story.act(world);
  await process.until(`${rightName(right)} to be missed`, () => server.missing.list().length > 0);
  const words = [right.verb, right.resource];
  const isTold = (): boolean =>
    server.logger.lines.some(({ level, message, fields }) => {
      const text = JSON.stringify([message, fields]);
      return level !== 'debug' && words.every((word) => text.includes(word));
    });
  await process.until(`${rightName(right)} to be logged`, isTold);
  await worldSeconds(world, missingSeconds);
  check(process.failure === undefined, `the process ended by itself: ${String(process.failure)}`);
  server.trouble = undefined;
  // What is told meanwhile is judged above.
  await ended(life, world, process, new Map());
}
