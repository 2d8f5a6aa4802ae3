/**
 * How far each wave is. A wave begins when those before it are done and their soak time is over. It is done when nobody in it
 * waits or is being updated, and at least one was: a wave that only has stacks that are set aside has proved nothing. Pure.
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
    waves.push(
      waveStatus(name, count, { isOpen, spec, known, before, now, isLast: index === spec.waves.length - 1 }),
    );
  }
  return waves;
}

interface WaveInput {
  readonly isOpen: boolean;
  readonly isLast: boolean;
  readonly spec: JtelChannel['spec'];
  readonly known: ChannelWaveStatus | undefined;
  readonly before: Before;
  readonly now: Date;
}

function waveStatus(name: string, count: WaveCount, input: WaveInput): ChannelWaveStatus {
  const { isOpen, isLast, spec, known, before, now } = input;
  const former = before.isSameVersion ? known : undefined;
  const doneTime = isOpen
    ? (former?.doneTime ?? (isDone(count) ? formatTime(now) : undefined))
    : former?.doneTime;
  const soaked = doneTime === undefined ? undefined : Date.parse(doneTime) + spec.soakMinutes * 60_000;
  const state = stateOf(isOpen, soaked, isLast || count.wanted === 0, now);
  return {
    name,
    state,
    version: doneTime === undefined ? firstVersion(known, before, spec.version) : spec.version,
    ...count,
    since: former?.state === state && former.since !== undefined ? former.since : formatTime(now),
    ...(state === 'Soaking' && soaked !== undefined ? { until: formatTime(new Date(soaked)) } : {}),
    ...optional({ doneTime }),
  };
}

function stateOf(
  isOpen: boolean,
  soaked: number | undefined,
  needsNoSoak: boolean,
  now: Date,
): ChannelWaveStatus['state'] {
  if (!isOpen) return 'Waiting';
  if (soaked === undefined) return 'Rolling';
  return needsNoSoak || soaked <= now.getTime() ? 'Done' : 'Soaking';
}

/** What a new stack of the wave begins with, while the wave is not done with the release: that of before, if there was one. */
function firstVersion(known: ChannelWaveStatus | undefined, { waves }: Before, version: string): string {
  return known?.version ?? waves.at(-1)?.version ?? version;
}

function isDone({ wanted, updated, running, waitingForWindow, waiting }: WaveCount): boolean {
  return wanted === 0 || (updated > 0 && running + waitingForWindow + waiting === 0);
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
