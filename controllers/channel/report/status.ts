/** The status of a channel; pure. */
import {
  conditionMessageMaxLength,
  statusMessageMaxLength,
  type ChannelRemark,
  type ChannelWaveStatus,
  type Condition,
  type JtelChannel,
  type JtelChannelStatus,
  type Reason,
} from '../../../crds/index.ts';
import { optional } from '../../../base/optional.ts';
import { formatTime, summariseConditions } from '../../../runtime/report/conditions.ts';
import { standingConditions, transientStanding, type Standing } from '../../../runtime/report/standing.ts';
import type { ChannelPlan } from '../plan/plan.ts';
import type { Stand } from '../plan/stands.ts';

const mostRemarks = 32;
const longestRemark = 256;

export function summarise(channel: JtelChannel, plan: ChannelPlan, now: Date): JtelChannelStatus {
  const { metadata, spec, status } = channel;
  const { stands, waves, turns, turnNumber, failed } = plan;
  const isSame = status?.version === spec.version;
  const { standing, reason, message: headed } = headline(channel, plan);
  const message = [headed, ...emptyWaves(channel, waves)].join(' ');
  return {
    observedGeneration: metadata.generation,
    message: message.slice(0, statusMessageMaxLength),
    version: spec.version,
    startTime: isSame && status?.startTime !== undefined ? status.startTime : formatTime(now),
    ...optional({ wave: waves.find(({ state }) => state !== 'Done')?.name }),
    stacks: stands.length,
    updated: stands.filter((one) => one.standing === 'Updated').length,
    failed,
    turnNumber,
    turns,
    waves: waves.map((wave, index) => ({
      ...wave,
      ...optional({ until: wave.until ?? windowOf(stands, index) }),
    })),
    remarks: remarks(stands),
    conditions: summariseConditions<Condition>(
      status?.conditions,
      standingConditions<Reason>(standing, reason, message),
      {
        generation: metadata.generation,
        transient: transientStanding,
        longestMessage: conditionMessageMaxLength,
        now,
      },
    ),
  };
}

/** When the first of the windows opens that stacks of the wave wait for. */
function windowOf(stands: readonly Stand[], index: number): string | undefined {
  const times = stands
    .filter(({ wave, reason }) => wave === index && reason === 'WaitingForWindow')
    .map(({ until }) => until?.getTime() ?? Infinity);
  const first = Math.min(...times);
  return Number.isFinite(first) ? formatTime(new Date(first)) : undefined;
}

/** Failed ones first, then those that nobody waits for. */
function remarks(stands: readonly Stand[]): readonly ChannelRemark[] {
  const of = (wanted: Stand['standing']): readonly Stand[] =>
    stands.filter(({ standing }) => standing === wanted);
  return [...of('Failed'), ...of('Aside')]
    .slice(0, mostRemarks)
    .map(({ stack: { metadata }, reason = 'Pending', message }) => ({
      namespace: metadata.namespace,
      name: metadata.name,
      reason,
      ...optional({ message: message?.slice(0, longestRemark) }),
    }));
}

/** Nobody is left who could show that the release works. */
function isStuck({ updated, running, waitingForWindow, waiting }: ChannelWaveStatus): boolean {
  return updated + running + waitingForWindow + waiting === 0;
}

/** The labels in a selector may be wrong, and the release passes such a wave untested. */
function emptyWaves({ spec }: JtelChannel, waves: readonly ChannelWaveStatus[]): readonly string[] {
  const empty = waves.filter(({ name, wanted }) => {
    const hasSelector = spec.waves.some((one) => one.name === name && one.selector !== undefined);
    return hasSelector && wanted === 0;
  });
  return empty.map(({ name }) => `No stack is in wave ${name}, so it tests nothing: look at its labels.`);
}

interface Headline {
  readonly standing: Standing;
  readonly reason: Reason;
  readonly message: string;
}

function headline(channel: JtelChannel, plan: ChannelPlan): Headline {
  const { version, maxFailures } = channel.spec;
  const { stands, waves, stop, failed } = plan;
  const open = waves.find(({ state }) => state !== 'Done');
  if (stop === 'TooManyFailures')
    return {
      standing: 'Failed',
      reason: 'TooManyFailures',
      message: `${failed} updates to ${version} failed, and maxFailures is ${maxFailures}: nothing new begins. "kubectl jtel rollout plan" names them.`,
    };
  if (open !== undefined) return underWay(channel, plan, open);
  const count = (standing: Stand['standing']): number =>
    stands.filter((one) => one.standing === standing).length;
  return {
    standing: 'Well',
    reason: 'RolloutDone',
    message: `${count('Updated')} of ${stands.length} stacks run ${version}; ${failed} failed, ${count('Aside')} set aside.`,
  };
}

function underWay(
  { spec: { version, maxUnavailable } }: JtelChannel,
  { stop, stands, turns, waves }: ChannelPlan,
  open: ChannelWaveStatus,
): Headline {
  const done = `Wave ${open.name} on ${version}: ${open.updated} of ${open.wanted} updated, ${open.running} running, ${open.waiting} waiting for a turn or a gate, ${open.waitingForWindow} for a window, ${open.failed} failed, ${open.aside} set aside.`;
  if (stop === 'Paused') return { standing: 'Working', reason: 'ChannelPaused', message: `Paused. ${done}` };
  if (open.state === 'Soaking') {
    const message = `${done} The next wave begins at ${open.until}.`;
    return { standing: 'Working', reason: 'Soaking', message };
  }
  if (isStuck(open)) {
    const message = `${done} ${whatToDo(version, stands, waves.indexOf(open))}`;
    return { standing: 'Failed', reason: 'WaveUnproven', message };
  }
  const held = stands.filter(
    ({ stack, standing }) => standing === 'Failed' && turns.some(({ uid }) => uid === stack.metadata.uid),
  ).length;
  return held < maxUnavailable
    ? { standing: 'Working', reason: 'RollingOut', message: done }
    : {
        standing: 'Failed',
        reason: 'TooManyFailures',
        message: `${done} All ${maxUnavailable} places are held by stacks whose update failed and was not undone: mend them.`,
      };
}

/** Of a wave in which nobody is left who could be updated. */
function whatToDo(version: string, stands: readonly Stand[], index: number): string {
  const own = stands.filter(({ wave }) => wave === index);
  return own.length > 0 && own.every(({ reason }) => reason === 'DowngradeRefused')
    ? `Its stacks cannot go back to ${version}, because that does not take their data, so the next wave does not begin: set a release that takes them, or bring back data of before.`
    : 'Nothing shows that the release works, so the next wave does not begin: mend one of its stacks, or change the wave.';
}
