/** `channel.decision`: how long a channel of a thousand stacks takes to decide after one of them changed, from the caches to its status. */
import { planChannel, summariseChannel, aChannel } from '../../controllers/channel/testing.ts';
import { aStack } from '../../controllers/stack/testing.ts';
import { KnownWindows } from '../../controllers/times/known-windows.ts';
import type { Condition, JtelStack } from '../../crds/index.ts';
import type { Benchmark, Contender, Trial } from '../benchmark.ts';
import { formatValue, percentile } from '../statistics.ts';

const goalMilliseconds = 100;
const stackCount = 1_000;
const decisions = 300;
const [before, wanted] = ['3.43.1', '3.43.2'];
const now = new Date('2026-03-02T12:00:00Z');

export const channelDecision: Benchmark = {
  name: 'channel.decision',
  unit: 'ms',
  runs: 5,
  goal: `p99 of processor time below ${goalMilliseconds} ms at ${stackCount} stacks`,

  prepare: (): Promise<Trial> =>
    Promise.resolve({
      product: p99(`${stackCount} stacks`, stackCount),
      peers: [p99(`${stackCount / 10} stacks`, stackCount / 10)],
      judge: (product) => ({
        met: product.median < goalMilliseconds,
        because: `${formatValue(product.median)} of ${goalMilliseconds} ms`,
      }),
    }),
};

/** Of this thread: a decision waits for nothing, and others on the machine are not its fault. */
function processorMilliseconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Each decision is over a fleet in which one stack more was updated. */
function p99(name: string, count: number): Contender {
  return {
    name,
    run: () => {
      const stacks = Array.from({ length: count }, (_, index) => member(index, before));
      const moment = { now, windows: new KnownWindows() };
      let channel = aChannel({ version: wanted, maxUnavailable: 10, gates: { backupYoungerThanHours: 26 } });
      const milliseconds = Array.from({ length: decisions }, (_, index) => {
        const place = index % count;
        stacks[place] = member(place, wanted);
        const begin = processorMilliseconds();
        const status = summariseChannel(channel, planChannel(channel, stacks, moment), now);
        const taken = processorMilliseconds() - begin;
        channel = { ...channel, status };
        return taken;
      });
      return Promise.resolve(percentile(milliseconds, 99));
    },
  };
}

/** Every tenth is a pilot, and every third has a window in a time zone with summer time. */
function member(index: number, version: string): JtelStack {
  const name = `stack-${index}`;
  const lastTransitionTime = '2026-03-01T00:00:00Z';
  const conditions = ['Ready', 'Available', 'HostReachable'].map((type): Condition => ({
    type: type as Condition['type'],
    status: 'True',
    reason: 'Healthy',
    message: '',
    lastTransitionTime,
  }));
  const { update } = aStack().spec;
  const timeZone = 'Europe/Berlin';
  const windows =
    index % 3 === 0 ? [{ days: ['Sat' as const], start: '22:00', durationMinutes: 240, timeZone }] : [];
  return aStack(
    { version: '', channelRef: { name: 'stable' }, update: { ...update, windows } },
    { name, uid: name, labels: { tier: index % 10 === 0 ? 'pilot' : 'none' } },
    {
      version,
      conditions,
      backup: { lastSuccessTime: '2026-03-02T02:00:00Z' },
      channel: { name: 'stable', uid: 'channel-uid', version, state: 'Updated' },
    },
  );
}
