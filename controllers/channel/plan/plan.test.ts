import { describe, expect, it } from 'vitest';
import type { JtelChannelSpec, JtelChannelStatus, JtelStack, StackChannel } from '../../../crds/index.ts';
import { KnownWindows } from '../../times/known-windows.ts';
import { aChannel } from '../testing.ts';
import { plan } from './plan.ts';

const now = new Date('2026-03-02T12:00:00Z');
const [old, wanted] = ['3.43.1', '3.43.2'];
const at = { now, windows: new KnownWindows() };
const minutesAgo = (minutes: number): string => new Date(now.getTime() - minutes * 60_000).toISOString();
const condition = (type: string, status = 'True'): object => ({
  type,
  status,
  reason: 'Healthy',
  message: `${type} is ${status}`,
  lastTransitionTime: minutesAgo(60),
});

interface Given {
  readonly tier?: string;
  readonly spec?: object;
  readonly conditions?: readonly object[];
  readonly backup?: object;
  readonly channel?: Partial<StackChannel>;
  readonly annotations?: object;
}

/** A stack that is well and could be updated. */
function aMember(name: string, given: Given = {}): JtelStack {
  const { tier = 'none', spec = {}, backup, channel, annotations = {} } = given;
  const { conditions = ['Ready', 'Available', 'HostReachable'].map((type) => condition(type)) } = given;
  return {
    metadata: { namespace: 'acme', name, uid: name, labels: { tier }, annotations },
    spec: { channelRef: { name: 'stable' }, update: {}, ...spec },
    status: {
      version: old,
      conditions,
      backup,
      channel: { name: 'stable', uid: 'channel-uid', version: old, state: 'Updated', ...channel },
    },
  } as unknown as JtelStack;
}

const updated = { version: wanted, state: 'Updated', turn: 1 } as const;
const spec: Partial<JtelChannelSpec> = { version: wanted, waves: [{ name: 'all', percent: 100 }] };

function standing(given: Given, gates: JtelChannelSpec['gates'] = {}): readonly (string | undefined)[] {
  const [stand] = plan(aChannel({ ...spec, gates }), [aMember('a', given)], at).stands;
  return [stand?.standing, stand?.reason];
}

const closedWindow = { windows: [{ days: ['Sun'], start: '02:00', durationMinutes: 60, timeZone: 'UTC' }] };
const held = { state: 'Failed', turn: 1, time: minutesAgo(1) } as const;
const tried = { state: 'HandedBack', tried: wanted, triedFor: '', time: minutesAgo(1) } as const;

describe('a stack', () => {
  it.each<[string, Given, string, string | undefined]>([
    ['that is well', {}, 'Ready', undefined],
    ['that runs the release', { channel: updated }, 'Updated', undefined],
    ['that is being updated', { channel: { version: wanted, state: 'Updating' } }, 'Running', 'Updating'],
    ['that is suspended', { spec: { suspend: true, update: {} } }, 'Aside', 'Suspended'],
    ['that is stopped', { spec: { powerState: 'Stopped', update: {} } }, 'Aside', 'Stopped'],
    ['that is only observed', { spec: { managementMode: 'Observe', update: {} } }, 'Aside', 'Observing'],
    ['whose host is away', { conditions: [condition('HostReachable', 'False')] }, 'Aside', 'HostUnreachable'],
    [
      'that is not Ready',
      { conditions: [condition('HostReachable'), condition('Ready', 'False')] },
      'Aside',
      'Healthy',
    ],
    ['whose window is closed', { spec: { update: closedWindow } }, 'Waiting', 'WaitingForWindow'],
    ['whose wave does not exist', { spec: { channelWave: 'x', update: {} } }, 'Aside', 'WaveNotFound'],
    [
      'whose update failed',
      { channel: { ...tried, reason: 'HealthGateFailed' } },
      'Failed',
      'HealthGateFailed',
    ],
    [
      'whose data the older release cannot use',
      { channel: { ...tried, reason: 'DowngradeRefused' } },
      'Aside',
      'DowngradeRefused',
    ],
    [
      'that missed its window a minute ago',
      { channel: { ...tried, reason: 'WaitingForWindow' } },
      'Waiting',
      'WaitingForWindow',
    ],
    [
      'that is still being updated by the channel that it followed before',
      { channel: { uid: 'other', version: '3.44.0', state: 'Updating', turn: 1 } },
      'Running',
      'Updating',
    ],
    [
      'whose update by the channel that it followed before was not undone',
      { channel: { ...held, uid: 'other', version: '3.44.0', reason: 'HealthGateFailed' } },
      'Aside',
      'HealthGateFailed',
    ],
    [
      'that missed its window now, by a clock that is a little ahead',
      { channel: { ...tried, reason: 'WaitingForWindow', time: minutesAgo(-1) } },
      'Waiting',
      'WaitingForWindow',
    ],
    [
      'that missed its window before the clock was set back',
      { channel: { ...tried, reason: 'WaitingForWindow', time: minutesAgo(-600) } },
      'Ready',
      undefined,
    ],
    [
      'whose update to another release was not undone',
      { channel: { ...held, version: '3.44.0' } },
      'Ready',
      undefined,
    ],
    [
      'whose update to another release was not undone, and that is suspended since',
      { channel: { ...held, version: '3.44.0' }, spec: { suspend: true, update: {} } },
      'Aside',
      'Suspended',
    ],
    [
      'whose update to another release was not undone, and whose window is closed',
      { channel: { ...held, version: '3.44.0' }, spec: { update: closedWindow } },
      'Waiting',
      'WaitingForWindow',
    ],
    [
      'that missed its window long ago',
      { channel: { ...tried, reason: 'WaitingForWindow', time: minutesAgo(10) } },
      'Ready',
      undefined,
    ],
    [
      'that is to be tried again',
      { channel: { ...tried, reason: 'HealthGateFailed' }, annotations: { 'jtel.de/retry': 'now' } },
      'Ready',
      undefined,
    ],
    [
      'whose update to another release was undone, and that runs the wanted one',
      { channel: { ...tried, version: wanted, tried: '3.44.0', reason: 'HealthGateFailed' } },
      'Updated',
      undefined,
    ],
    [
      'whose update to another release failed',
      { channel: { ...tried, tried: '3.43.0', reason: 'HealthGateFailed' } },
      'Ready',
      undefined,
    ],
  ])('%s', (_, given, ...expected) => expect(standing(given)).toEqual(expected));

  const backup = { lastSuccessTime: minutesAgo(180), lastRestoreTestPassedTime: minutesAgo(3 * 1440) };
  it.each<[string, JtelChannelSpec['gates'], string, string | undefined]>([
    ['no gate', {}, 'Ready', undefined],
    ['a backup of four hours', { backupYoungerThanHours: 4 }, 'Ready', undefined],
    ['a backup of two hours', { backupYoungerThanHours: 2 }, 'Waiting', 'BackupTooOld'],
    ['a test of four days', { restoreTestYoungerThanDays: 4 }, 'Ready', undefined],
    ['a test of two days', { restoreTestYoungerThanDays: 2 }, 'Waiting', 'RestoreTestTooOld'],
    ['an hour without a break', { availableForMinutes: 60 }, 'Ready', undefined],
    ['two hours without a break', { availableForMinutes: 120 }, 'Waiting', 'NotAvailableLongEnough'],
  ])('with %s asked for', (_, gates, ...expected) => expect(standing({ backup }, gates)).toEqual(expected));

  it('that was never backed up does not pass the gate', () =>
    expect(standing({}, { backupYoungerThanHours: 1000 })).toEqual(['Waiting', 'BackupTooOld']));
});

const pilots = [aMember('p1', { tier: 'pilot' }), aMember('p2', { tier: 'pilot' })];
const others = ['r1', 'r2', 'r3', 'r4'].map((name) => aMember(name));
const doneWaves = (minutes: number): JtelChannelStatus =>
  ({
    version: wanted,
    waves: [{ name: 'pilot', state: 'Soaking', version: wanted, doneTime: minutesAgo(minutes) }],
  }) as unknown as JtelChannelStatus;
const pilotsDone = ['p1', 'p2'].map((name) => aMember(name, { tier: 'pilot', channel: updated }));

describe('turns', () => {
  const given = (
    changes: Partial<JtelChannelSpec>,
    stacks: readonly JtelStack[],
    status?: JtelChannelStatus,
  ): readonly string[] =>
    plan(aChannel({ version: wanted, ...changes }, status), stacks, at).turns.map(
      ({ name, state }) => `${name} ${state}`,
    );
  const turnOf = (uid: string, version = wanted): JtelChannelStatus =>
    ({
      version: wanted,
      turnNumber: 7,
      turns: [
        { number: 7, namespace: 'acme', name: uid, uid, version, state: 'Granted', since: minutesAgo(1) },
      ],
    }) as unknown as JtelChannelStatus;

  it('are given in the first wave only', () =>
    expect(given({ maxUnavailable: 100 }, [...others, ...pilots]).toSorted()).toEqual([
      'p1 Granted',
      'p2 Granted',
    ]));
  it('are no more than the limit', () => expect(given({ maxUnavailable: 1 }, pilots)).toHaveLength(1));
  it('are given in the next wave when the soak time is over', () => {
    const soak = { soakMinutes: 30, maxUnavailable: 2 };
    expect(given(soak, [...others, ...pilotsDone], doneWaves(29))).toEqual([]);
    expect(given(soak, [...others, ...pilotsDone], doneWaves(30))).toHaveLength(2);
  });
  it('are not given while it is paused', () => expect(given({ paused: true }, pilots)).toEqual([]));
  it('are not given when more failed than is allowed', () => {
    const failed = aMember('p3', { tier: 'pilot', channel: { ...tried, reason: 'HealthGateFailed' } });
    expect(given({ maxFailures: 0 }, [...pilots, failed])).toEqual([]);
    expect(given({ maxFailures: 1 }, [...pilots, failed])).toHaveLength(1);
  });
  it('leave a place to a stack that another channel, or one of the same name before, updates still', () => {
    const moved = aMember('p3', { tier: 'pilot', channel: { uid: 'other', state: 'Updating', turn: 1 } });
    const gone = aMember('p3', { tier: 'pilot', channel: { uid: 'other', state: 'Updated', turn: 1 } });
    expect(given({ maxUnavailable: 2 }, [...pilots, moved])).toHaveLength(1);
    expect(given({ maxUnavailable: 2 }, [...pilots, gone])).toHaveLength(2);
  });
  it('stay until the stack says that they are over', () => {
    const member = (channel: Partial<StackChannel>): readonly JtelStack[] => [
      aMember('p1', { tier: 'pilot', channel }),
    ];
    expect(given({}, member({}), turnOf('p1'))).toEqual(['p1 Granted']);
    const taken = { version: wanted, turn: 7 };
    expect(given({}, member({ ...taken, state: 'Updating' }), turnOf('p1'))).toEqual(['p1 Granted']);
    expect(given({}, member({ ...taken, state: 'Failed' }), turnOf('p1'))).toEqual(['p1 Withdrawn']);
    expect(given({}, member({ ...taken, state: 'Updated' }), turnOf('p1'))).toEqual([]);
    expect(given({ paused: true }, member({ declined: 7 }), turnOf('p1'))).toEqual([]);
  });
  it('are withdrawn, not dropped, when it is paused or wants another release', () => {
    expect(given({ paused: true }, pilots, turnOf('p1'))).toEqual(['p1 Withdrawn']);
    expect(given({}, pilots, turnOf('p1', '3.44.0'))).toEqual(['p1 Withdrawn']);
  });
  it('end with the stack, and when it follows another channel', () => {
    expect(given({ paused: true }, [], turnOf('p1'))).toEqual([]);
    const left = {
      ...aMember('p1'),
      spec: { version: old, update: {} },
      status: {},
    } as unknown as JtelStack;
    expect(given({ paused: true }, [left], turnOf('p1'))).toEqual([]);
  });
});

describe('waves', () => {
  const states = (stacks: readonly JtelStack[]): readonly string[] =>
    plan(aChannel({ version: wanted }), stacks, at).waves.map(({ state }) => state);
  const aside = aMember('p3', { tier: 'pilot', spec: { suspend: true, update: {} } });

  it('are done when all of them are updated', () =>
    expect(states([...pilotsDone, ...others])).toEqual(['Done', 'Rolling']));
  it('wait for nobody who is set aside', () =>
    expect(states([...pilotsDone, aside, ...others])).toEqual(['Done', 'Rolling']));
  it('are not done by those who are set aside alone', () =>
    expect(states([aside, ...others])).toEqual(['Rolling', 'Waiting']));
  it('that are empty hold up nobody', () => expect(states(others)).toEqual(['Done', 'Rolling']));
  it('that were empty wait for those who come, and with them the waves behind', () => {
    const look = (stacks: readonly JtelStack[], status?: JtelChannelStatus): ReturnType<typeof plan> =>
      plan(aChannel({ version: wanted }, status), stacks, at);
    const after = ({ waves }: ReturnType<typeof plan>): JtelChannelStatus => ({ version: wanted, waves });
    const empty = look([], after(look([], after(look([])))));
    expect(empty.waves.map(({ state }) => state)).toEqual(['Done', 'Done']);
    const later = look([...pilots, ...others], after(empty));
    expect(later.waves.map(({ state }) => state)).toEqual(['Rolling', 'Waiting']);
    expect(later.turns.map(({ name }) => name)).toEqual([expect.stringMatching('p.')]);
  });
  it('that were empty when the release passed them hold up nobody afterwards', () => {
    const status = {
      version: wanted,
      waves: [
        { name: 'pilot', state: 'Done' },
        { name: 'rest', state: 'Done', doneTime: minutesAgo(9) },
      ],
    } as unknown as JtelChannelStatus;
    const channel = aChannel({ version: wanted, soakMinutes: 30 }, status);
    const { waves } = plan(channel, others, at);
    expect(waves[0]).toMatchObject({ state: 'Done', doneTime: '2026-03-02T12:00:00Z' });
    const later = plan({ ...channel, status: { ...status, waves } }, [...pilots, ...others], at);
    expect(later.waves.map(({ state }) => state)).toEqual(['Done', 'Done']);
  });
  it('let a new stack of an empty wave begin with the release', () => {
    const [wave] = plan(aChannel({ version: wanted }, doneWaves(9)), [], at).waves;
    expect(wave?.version).toBe(wanted);
  });
  it('do not soak for longer because the clock was wrong when they were done', () => {
    const channel = aChannel({ version: wanted, soakMinutes: 30 }, doneWaves(-600));
    const [wave] = plan(channel, [...pilotsDone, ...others], at).waves;
    expect(wave).toMatchObject({ state: 'Soaking', doneTime: '2026-03-02T12:00:00Z' });
  });
  it('say with which release a new stack begins', () => {
    const status = {
      version: old,
      waves: ['pilot', 'rest'].map((name) => ({
        name,
        state: 'Done',
        version: old,
        doneTime: minutesAgo(9),
      })),
    } as unknown as JtelChannelStatus;
    const { waves } = plan(aChannel({ version: wanted }, status), [...pilotsDone, ...others], at);
    expect(waves.map(({ version }) => version)).toEqual([wanted, old]);
  });
});
