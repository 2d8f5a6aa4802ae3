/**
 * `ssh.hundred`: an sshd to which one operator has a hundred connections, each as another user, is restarted. How
 * long until all are back, and how many logins did sshd refuse because of our haste? Told beside it: what a
 * connection costs both sides.
 */
import type { Benchmark, Trial } from '../benchmark.ts';
import { Hundred, userCount } from '../ssh/hundred.ts';
import { formatValue } from '../statistics.ts';

const limitSeconds = 30;

export const sshHundred: Benchmark = {
  name: 'ssh.hundred',
  unit: 's',
  runs: 5,
  goal: `all ${userCount} connections are back within ${limitSeconds} s of a restart of sshd, and none was refused for haste`,

  async prepare(context): Promise<Trial> {
    const hundred = await Hundred.on(await context.sandbox());
    context.atEnd(() => hundred.close());
    const cost = await hundred.cost();
    const each =
      `each takes ${formatValue(cost.ourKilobytes)} kB here and ${formatValue(cost.theirKilobytes)} kB of sshd; ` +
      `login and first look ${formatValue(cost.ourMilliseconds)} ms of CPU here and ${formatValue(cost.theirMilliseconds)} ms there`;
    let slowest = 0;
    let refused = await hundred.refusals();
    return {
      product: {
        name: 'jtel-operator',
        run: async () => {
          await hundred.restart();
          const seconds = await hundred.all();
          slowest = Math.max(slowest, seconds);
          refused = await hundred.refusals();
          return seconds;
        },
      },
      peers: [],
      judge: () => ({
        met: slowest < limitSeconds && refused.maxStartups === 0 && refused.penalties === 0,
        because: `the slowest took ${formatValue(slowest)} s; ${refused.maxStartups} drops by MaxStartups, ${refused.penalties} penalties; ${each}`,
      }),
    };
  },
};
