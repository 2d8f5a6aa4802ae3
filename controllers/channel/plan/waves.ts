/**
 * How far each wave is. A wave begins when those before it are done and their soak time is over. It is done when nobody in it
 * waits or is being updated, and at least one was: a wave that only has stacks that are set aside has proved nothing. One
 * without stacks holds up nobody, and begins when some come, unless the release has passed it by then. Pure.
 */
import type { ChannelWaveStatus, JtelChannel } from '../../../crds/index.ts';
import { formatTime } from '../../../runtime/report/conditions.ts';
import { optional } from '../../../base/optional.ts';
import type { Stand, Standing } from './stands.ts';

export type WaveCount = Pick<
  ChannelWaveStatus,
  'wanted' | 'updated' | 'running' | 'failed' | 'waitingForWindow' | 'waiting' | 'aside'
>;

/** What is known from before, of the same release. */
export interface Before {
  readonly waves: readonly ChannelWaveStatus[];
  readonly isSameVersion: boolean;
}

export function beforeOf({ spec, status }: JtelChannel): Before {
  return { waves: status?.waves ?? [], isSameVersion: status?.version === spec.version };
}

/** @returns the waves as the spec has them */
export function wavesOf(
  { spec }: JtelChannel,
  stands: readonly Stand[],
  before: Before,
  now: Date,
): readonly ChannelWaveStatus[] {
  const waves: ChannelWaveStatus[] = [];
  for (const [index, { name }] of spec.waves.entries()) {
    const known = before.waves.find((one) => one.name === name);
    const last = waves.at(-1);
    const isOpen = last === undefined || last.state === 'Done';
    const count = countOf(stands.filter(({ wave }) => wave === index));
    const behind = spec.waves.slice(index + 1);
    const isPassed = behind.some((one) => wasDone(one.name, before));
    const isLast = behind.length === 0;
    waves.push(waveStatus(name, count, { isOpen, isLast, isPassed, spec, known, before, now }));
  }
  return waves;
}

function wasDone(name: string, { waves, isSameVersion }: Before): boolean {
  return isSameVersion && waves.some((one) => one.name === name && one.doneTime !== undefined);
}

interface WaveInput {
  readonly isOpen: boolean;
  readonly isLast: boolean;
  /** One behind it was done, so the release is beyond it. */
  readonly isPassed: boolean;
  readonly spec: JtelChannel['spec'];
  readonly known: ChannelWaveStatus | undefined;
  readonly before: Before;
  readonly now: Date;
}

function waveStatus(name: string, count: WaveCount, input: WaveInput): ChannelWaveStatus {
  const { isOpen, spec, known, before, now } = input;
  const former = before.isSameVersion ? known : undefined;
  const doneTime = doneTimeOf(former, count, input);
  const soaked = doneTime === undefined ? undefined : Date.parse(doneTime) + spec.soakMinutes * 60_000;
  const state = stateOf(count, soaked, input);
  const isReached = doneTime !== undefined || (isOpen && count.wanted === 0);
  return {
    name,
    state,
    version: isReached ? spec.version : firstVersion(known, before, spec.version),
    ...count,
    since: former?.state === state && former.since !== undefined ? former.since : formatTime(now),
    ...(state === 'Soaking' && soaked !== undefined ? { until: formatTime(new Date(soaked)) } : {}),
    ...optional({ doneTime }),
  };
}

/** A time that lies ahead is of a clock that was wrong, and would make the wave soak until then. */
function doneTimeOf(
  former: ChannelWaveStatus | undefined,
  count: WaveCount,
  { isOpen, isPassed, now }: WaveInput,
): string | undefined {
  const known = former?.doneTime;
  if (known !== undefined) return Date.parse(known) > now.getTime() ? formatTime(now) : known;
  return isOpen && isDone(count, isPassed) ? formatTime(now) : undefined;
}

function stateOf(
  { wanted }: WaveCount,
  soaked: number | undefined,
  { isOpen, isLast, isPassed, now }: WaveInput,
): ChannelWaveStatus['state'] {
  if (!isOpen) return 'Waiting';
  if (wanted === 0) return 'Done';
  if (soaked === undefined) return 'Rolling';
  return isLast || isPassed || soaked <= now.getTime() ? 'Done' : 'Soaking';
}

/** What a new stack of the wave begins with, while the wave is not done with the release: that of before, if there was one. */
function firstVersion(known: ChannelWaveStatus | undefined, { waves }: Before, version: string): string {
  return known?.version ?? waves.at(-1)?.version ?? version;
}

function isDone(
  { wanted, updated, running, waitingForWindow, waiting }: WaveCount,
  isPassed: boolean,
): boolean {
  return wanted === 0 ? isPassed : updated > 0 && running + waitingForWindow + waiting === 0;
}

function countOf(stands: readonly Stand[]): WaveCount {
  const number = (...standings: readonly Standing[]): number =>
    stands.filter(({ standing }) => standings.includes(standing)).length;
  const waitingForWindow = stands.filter(
    ({ standing, reason }) => standing === 'Waiting' && reason === 'WaitingForWindow',
  ).length;
  return {
    wanted: stands.length,
    updated: number('Updated'),
    running: number('Running'),
    failed: number('Failed'),
    waitingForWindow,
    waiting: number('Waiting', 'Ready') - waitingForWindow,
    aside: number('Aside'),
  };
}
