/**
 * Campaign `stale`: what the operator's caches say is old. At each event of every story they freeze and are released, by a replay
 * or by a list, or that one event is lost. At each effect, the object that the story is about is deleted and one of the same
 * name is created. The end must be that of a life without.
 */
import { LateCaches, type Fate } from '../../support/world/late-caches.ts';
import { asIn } from '../../support/world/told.ts';
import type { Campaign, CampaignCase } from '../campaign.ts';
import { stories } from '../crash/stories.ts';
import { frozenSeconds, later, survive, undisturbed, type Undisturbed } from './life.ts';
import { replacedCases } from './replaced.ts';

/** The short form takes every so many cases. */
const shortStep = 149;
/** As long as a lost event may stay unknown; less than a real relist takes, which only makes a case longer. */
const lostSeconds = 120;

export const staleCampaign: Campaign = {
  title: 'caches that are late, and objects that are replaced',
  // Most of a case is waiting for the scaled clock.
  parallel: 8,
  cases: async (form) => {
    const lives = await Promise.all(stories.map(undisturbed));
    // What one story tells only now and then, another one tells, too.
    const mayTell = asIn(lives.flatMap((life) => life.told));
    const all = lives
      .map((life) => ({ ...life, mayTell }))
      .flatMap((life) => [...lateCases(life), ...replacedCases(life)]);
    return form === 'long' ? all : all.filter((_, index) => index % shortStep === 0);
  },
};

const ways: readonly {
  readonly name: string;
  readonly fate: Fate;
  readonly afterSeconds: number;
  readonly release: 'replay' | 'relist';
}[] = [
  { name: 'frozen, then told', fate: 'Freeze', afterSeconds: frozenSeconds, release: 'replay' },
  { name: 'frozen, then listed', fate: 'Freeze', afterSeconds: frozenSeconds, release: 'relist' },
  { name: 'lost', fate: 'Drop', afterSeconds: lostSeconds, release: 'relist' },
];

function lateCases(usual: Undisturbed): readonly CampaignCase[] {
  return Array.from({ length: usual.events }, (_, index) => index + 1).flatMap((event) =>
    ways.map(({ name, fate, afterSeconds, release }) => ({
      name: `${usual.story.name}: ${name} at event ${event}`,
      run: async () => {
        const caches = new LateCaches((now) => (now === event ? fate : 'Deliver'));
        await survive(usual, caches, (world) => {
          caches.onTrouble = () => later(world, afterSeconds, () => caches[release]());
        });
      },
    })),
  );
}
