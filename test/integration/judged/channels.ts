/** A channel in every situation, with the status that its controller writes then. */
import { aChannel, planChannel, summariseChannel } from '../../../controllers/channel/testing.ts';
import { aStack } from '../../../controllers/stack/testing.ts';
import { KnownWindows } from '../../../controllers/times/known-windows.ts';
import type {
  Condition,
  JtelChannel,
  JtelChannelSpec,
  JtelStack,
  StackChannel,
} from '../../../crds/index.ts';

const now = new Date('2026-03-01T03:00:00Z');
const hourAgo = '2026-03-01T02:00:00Z';
const [before, wanted] = ['3.43.1', '3.43.2'];
const moment = { now, windows: new KnownWindows() };

function member(name: string, turn: Partial<StackChannel>, spec: object = {}): JtelStack {
  const conditions = ['Ready', 'Available', 'HostReachable'].map(
    (type) =>
      ({ type, status: 'True', reason: 'Healthy', message: '', lastTransitionTime: hourAgo }) as Condition,
  );
  const labels = { tier: name.startsWith('pilot') ? 'pilot' : 'none' };
  const known = { name: 'stable', uid: 'channel-uid', version: before, state: 'Updated', ...turn };
  return aStack(
    { version: '', channelRef: { name: 'stable' }, ...spec },
    { name, uid: name, labels },
    { version: known.version, conditions, channel: known as StackChannel },
  );
}

const waiting = [member('pilot', {}), member('rest', {})];
const pilotDone = [member('pilot', { version: wanted, turn: 1 }), member('rest', {})];
const allDone = pilotDone.map(({ metadata }) => member(metadata.name, { version: wanted, turn: 1 }));
const failure = { state: 'HandedBack', tried: wanted, triedFor: '', time: hourAgo } as const;
const failed = [member('pilot', { ...failure, reason: 'HealthGateFailed' }), member('rest', {})];
const aside = [member('pilot', {}, { suspend: true }), member('rest', {})];

function channel(stacks: readonly JtelStack[], spec: Partial<JtelChannelSpec> = {}): JtelChannel {
  const from = aChannel({ version: wanted, ...spec });
  return { ...from, status: summariseChannel(from, planChannel(from, stacks, moment), now) };
}

/** By the reason of Ready. */
export const channels = {
  working: [
    ['not looked at', { ...aChannel(), status: { observedGeneration: -1 } as JtelChannel['status'] }],
    ['RollingOut', channel(waiting)],
    ['Soaking', channel(pilotDone, { soakMinutes: 60 })],
    ['ChannelPaused', channel(waiting, { paused: true })],
  ],
  well: [['RolloutDone', channel(allDone)]],
  failed: [
    ['TooManyFailures', channel(failed)],
    ['WaveUnproven', channel(aside)],
  ],
} as const;
