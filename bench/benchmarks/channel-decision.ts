/** `channel.decision`: how long a channel of a thousand stacks takes to decide after one of them changed, from the caches to its status. */
import { planChannel, summariseChannel } from '../../controllers/channel/index.ts';
import { KnownWindows } from '../../controllers/times/known-windows.ts';
import type { JtelChannel, JtelStack } from '../../crds/index.ts';
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
      let channel = aChannel();
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

/** A pilot by label, then all others. */
function aChannel(): JtelChannel {
  const waves = [
    { name: 'pilot', selector: { labels: [{ name: 'tier', value: 'pilot' }] } },
    { name: 'rest', percent: 100 },
  ];
  const limits = { soakMinutes: 0, maxUnavailable: 10, maxFailures: 0, paused: false };
  return {
    metadata: { name: 'stable', uid: 'channel-uid', generation: 1 },
    spec: { version: wanted, waves, ...limits, gates: { backupYoungerThanHours: 26 } },
  } as unknown as JtelChannel;
}

/** Every tenth is a pilot, and every third has a window in a time zone with summer time. */
function member(index: number, version: string): JtelStack {
  const name = `stack-${index}`;
  const lastTransitionTime = '2026-03-01T00:00:00Z';
  const conditions = ['Ready', 'Available', 'HostReachable'].map((type) => ({
    type,
    status: 'True',
    reason: 'Healthy',
    message: '',
    lastTransitionTime,
  }));
  const timeZone = 'Europe/Berlin';
  const windows = index % 3 === 0 ? [{ days: ['Sat'], start: '22:00', durationMinutes: 240, timeZone }] : [];
  return {
    metadata: { namespace: 'bench', name, uid: name, labels: { tier: index % 10 === 0 ? 'pilot' : 'none' } },
    spec: { version: '', channelRef: { name: 'stable' }, update: { windows } },
    status: {
      version,
      conditions,
      backup: { lastSuccessTime: '2026-03-02T02:00:00Z' },
      channel: { name: 'stable', uid: 'channel-uid', version, state: 'Updated' },
    },
  } as unknown as JtelStack;
}
