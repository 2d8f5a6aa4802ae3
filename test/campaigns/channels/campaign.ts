/**
 * Campaign `channels`: one release goes to a thousand stacks on a real API server, of which some fail, some do not answer and some
 * wait for their window, while the operator is killed again and again. At each change of a stack: nobody is updated before its
 * wave, and never more at once than the channel allows.
 */
import assert from 'node:assert/strict';
import { waitFor } from '../../support/wait.ts';
import type { Campaign, CampaignCase } from '../campaign.ts';
import { Dice } from '../simulation/dice.ts';
import { Fleet, maxUnavailable, waves } from './fleet.ts';

const limitSeconds = 3600;
const kills = 12;

export const channelsCampaign: Campaign = {
  title: 'a release goes to all stacks of a channel',
  cases: (form) => [rollout(form === 'long' ? 1000 : 100)],
};

function rollout(size: number): CampaignCase {
  return {
    name: `${size} stacks, and an operator that is killed ${kills} times`,
    limitSeconds,
    run: async () => {
      const fleet = await Fleet.install(size);
      try {
        const killing = killAgainAndAgain(fleet, size);
        await fleet.change();
        for (const wave of waves.keys()) {
          await fleet.until('all but those in a window', () =>
            fleet.isUpdated(wave, 'Failing', 'Silent', 'InWindow'),
          );
          await fleet.openWindows(wave);
        }
        await fleet.until('all but those that cannot', () =>
          fleet.isUpdated(waves.length, 'Failing', 'Silent'),
        );
        await killing;
        fleet.revive();
        await fleet.until('those that answer again', () => fleet.isUpdated(waves.length, 'Failing'));
        await check(fleet);
      } finally {
        await fleet.close();
      }
    },
  };
}

/** At moments spread over the rollout: each time when a number of stacks more have the release. */
async function killAgainAndAgain(fleet: Fleet, size: number): Promise<void> {
  const dice = new Dice(size);
  const moments = Array.from({ length: kills }, () => dice.integer(1, Math.floor(size * 0.9)));
  for (const moment of moments.toSorted((left, right) => left - right)) {
    await fleet.until(`${moment} to be updated`, () => fleet.updated >= moment);
    await fleet.kill();
    await fleet.operate();
  }
}

async function check(fleet: Fleet): Promise<void> {
  const of = (role: string): readonly string[] =>
    fleet.members.filter((member) => member.role === role).map(({ name }) => name);
  await waitFor(
    'the channel to count them',
    async () => {
      const { status } = await fleet.channel();
      const failed = of('Failing').length;
      return status?.failed === failed && status.updated === fleet.members.length - failed;
    },
    { timeoutSeconds: 120 },
  );
  assert.deepEqual(fleet.faults, []);
  assert.equal(fleet.mostAtOnce, maxUnavailable);
  // Nobody but the campaign wrote their specs.
  assert.deepEqual(fleet.written, of('InWindow'));
}
