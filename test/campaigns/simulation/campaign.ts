/**
 * Campaign `simulation`: stories and faults drawn at random, in simulated time. The short form runs a fixed
 * list of seeds: those that found something, and a few others.
 */
import type { Campaign } from '../campaign.ts';
import { check } from '../oracles.ts';
import { runSeed } from './run.ts';

/** Each of them failed once, on account of the product; the comment says why. */
const foundSomething: readonly number[] = [
  20, // a move amid a restore left its job behind
  35, // a stack that is deleted before Docker is installed waited for Docker
  2020, // a stack that was deleted (Stop) amid a backup left its job on the host
  2043, // the same with the policy Orphan
  12, // spec.host changed amid the first installation, and what was begun on the first host went on
  1021, // a stack that was stopped amid a move, and then wanted another version, kept the job of the load
  3064, // the restore of a version that was taken back never ended, because a look at the right moment was missing
  3148, // a stack that was destroyed after spec.host changed amid its first installation stayed on the first host
  3160, // the removal of the job of a move's last backup failed, and nobody looked for it on the old host again
  3134, // an update waited for its backup, which waited for a stack that a restore had stopped
  3188, // a restore that was asked for amid a refused move waited without an end, and did not say why
  5262, // a stack that was deleted (Orphan) amid the load of a move left its job on the host
  5272, // the same amid its first load
  6018, // a rollback stood below older changes in the history, because the clock was ahead during those
  6178, // a move had stopped the old host when a version was wanted that the data cannot reach, and the stack stood still
  1011, // a stack that was destroyed amid a move stayed on the host with its data
  20160, // a move waited for a backup of first data on which nothing could be started
  6271, // a host that was claimed and left before its set-up kept its empty record when the stack was destroyed
];

const others: readonly number[] = [2, 11];

export const simulationCampaign: Campaign = {
  title: 'stories and faults drawn at random, in simulated time',
  cases: () =>
    [...foundSomething, ...others].map((seed) => ({
      name: `seed ${seed}`,
      limitSeconds: 300,
      run: async () => {
        const { wrong } = await runSeed(seed);
        check(wrong.length === 0, wrong.join('; '));
      },
    })),
};
