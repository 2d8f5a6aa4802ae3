/** What in a stack's status is good, bad or under way: decides symbols, colours and the order of a fleet. */
import type { Condition, JtelStack } from '../../crds/index.ts';
import type { Colour } from '../view/paint.ts';

export type Verdict = 'Good' | 'Bad' | 'Busy' | 'Unknown' | 'Neutral';

export const signs: Readonly<Record<Verdict, { readonly sign: string; readonly colour: Colour }>> = {
  Good: { sign: '✔', colour: 'green' },
  Bad: { sign: '✘', colour: 'red' },
  Busy: { sign: '●', colour: 'yellow' },
  Unknown: { sign: '?', colour: 'magenta' },
  Neutral: { sign: '–', colour: 'dim' },
};

/** Good when they are not so. */
const troubles = new Set(['Drifted', 'Stalled']);
/** Say what is, neither good nor bad. */
const facts = new Set(['Paused']);
/** `False` because nobody asked for it, or because it is not that far yet. */
const harmless = new Set([
  'BackupNotConfigured',
  'NoObjectives',
  'BackupSuspended',
  'Stopped',
  'DriftIgnored',
  'NotChecked',
]);
const underWay = new Set([
  'Pending',
  'Claiming',
  'SettingUpHost',
  'WritingFiles',
  'Pulling',
  'Starting',
  'WaitingForHealth',
  'UpdatingDatabase',
  'Applying',
  'Updating',
  'RollingBack',
  'LoadingData',
  'NoBackupYet',
  'Stopping',
  'Deleting',
  'WaitingForWindow',
]);

function judge({ type, status, reason }: Condition): Verdict {
  if (type === 'Reconciling') return 'Busy';
  if (facts.has(type)) return status === 'True' ? 'Busy' : 'Neutral';
  if (harmless.has(reason)) return 'Neutral';
  if (status === 'Unknown') return 'Unknown';
  if (troubles.has(type)) return status === 'True' ? 'Bad' : 'Good';
  if (status === 'True') return 'Good';
  return underWay.has(reason) ? 'Busy' : 'Bad';
}

/** What is only known from a look at the host. */
const ofHost = new Set(['Ready', 'DataLoaded', 'UpToDate', 'Drifted', 'Preflight']);

/** A tick stands for what was looked at now: the last word about a host that does not answer is none. */
export function judgeNow(condition: Condition, all: readonly Condition[]): Verdict {
  const verdict = judge(condition);
  if (verdict !== 'Good' || !ofHost.has(condition.type)) return verdict;
  return all.some(({ type, status }) => type === 'HostReachable' && status !== 'True') ? 'Unknown' : verdict;
}

/** Worst first. */
const phases = [
  'Stalled',
  'Degraded',
  'Unreachable',
  'RollingBack',
  'Restoring',
  'Relocating',
  'Updating',
  'Installing',
  'Starting',
  'Preparing',
  'Pending',
  'Stopping',
  'Deleting',
  'Suspended',
  'Observing',
  'Stopped',
  'Ready',
];
const badPhases = new Set(['Stalled', 'Degraded', 'Unreachable']);
const restingPhases = new Set(['Suspended', 'Observing', 'Stopped']);

export function judgePhase(phase: string | undefined): Verdict {
  if (phase === 'Ready') return 'Good';
  if (phase === undefined) return 'Unknown';
  if (badPhases.has(phase)) return 'Bad';
  return restingPhases.has(phase) ? 'Neutral' : 'Busy';
}

export function badConditions(stack: JtelStack): readonly Condition[] {
  return (stack.status?.conditions ?? []).filter((condition) => judge(condition) === 'Bad');
}

/** Worst first; of two alike the one with more that is wrong, then by name. */
export function byUrgency(a: JtelStack, b: JtelStack): number {
  const rank = (stack: JtelStack): number => {
    const place = phases.indexOf(stack.status?.phase ?? 'Pending');
    // Whoever runs and is not well comes before all who are merely busy.
    const unwell = badConditions(stack).length > 0 && place > phases.indexOf('Unreachable');
    return unwell ? phases.indexOf('Unreachable') + 0.5 : place;
  };
  const name = ({ metadata }: JtelStack): string => `${metadata.namespace}/${metadata.name}`;
  return (
    rank(a) - rank(b) || badConditions(b).length - badConditions(a).length || (name(a) < name(b) ? -1 : 1)
  );
}

/** What is going on in one sentence; of a stack that is well, that it is. */
export function sentenceOf({ status }: JtelStack): string | undefined {
  const message = status?.message ?? '';
  return message === '' ? status?.conditions?.find(({ type }) => type === 'Ready')?.message : message;
}
