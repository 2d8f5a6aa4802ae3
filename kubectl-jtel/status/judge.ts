/**
 * Judges a stack's status: what is good, bad or under way. Symbols, colours and the order of a fleet follow
 * from it.
 */
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

/** Conditions that are good if False. */
const troubles = new Set(['Drifted', 'Stalled']);
/** Conditions that only inform, neither good nor bad. */
const facts = new Set(['Paused']);
/** `False` because nobody asked for it, or because it is too early. */
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

/** Only a look at the host can confirm these. */
const ofHost = new Set(['Ready', 'DataLoaded', 'UpToDate', 'Drifted', 'Preflight']);

/**
 * A tick means that it was looked at now. If the host does not answer, the last report about it does not
 * count.
 */
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

/** Worst first. Of two alike, the one with more problems comes first, then by name. */
export function byUrgency(a: JtelStack, b: JtelStack): number {
  const rank = (stack: JtelStack): number => {
    const place = phases.indexOf(stack.status?.phase ?? 'Pending');
    // A stack that runs with a problem comes before those that are merely busy.
    const unwell = badConditions(stack).length > 0 && place > phases.indexOf('Unreachable');
    return unwell ? phases.indexOf('Unreachable') + 0.5 : place;
  };
  const name = ({ metadata }: JtelStack): string => `${metadata.namespace}/${metadata.name}`;
  return (
    rank(a) - rank(b) || badConditions(b).length - badConditions(a).length || (name(a) < name(b) ? -1 : 1)
  );
}

/** One sentence about what is going on, or that the stack is well. */
export function sentenceOf({ status }: JtelStack): string | undefined {
  const message = status?.message ?? '';
  return message === '' ? status?.conditions?.find(({ type }) => type === 'Ready')?.message : message;
}
