/**
 * Judges a stack's status: what is good, bad or under way. Symbols, colours and the order of a fleet follow
 * from it, on a terminal as on the page.
 */
import type { Condition, JtelStack } from '../crds/index.ts';
import { optional } from '../base/optional.ts';

export type Verdict = 'Good' | 'Bad' | 'Busy' | 'Unknown' | 'Neutral';

/** Conditions that are good if False. */
const troubles = new Set(['Drifted', 'Stalled', 'Quarantined', 'ScheduleQuarantined']);
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
  'NotInstalled',
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

function badConditions(stack: JtelStack): readonly Condition[] {
  return (stack.status?.conditions ?? []).filter((condition) => judge(condition) === 'Bad');
}

/** Those that do not serve first, then the worst. Of two alike, the one with more problems comes first, then by name. */
export function byUrgency(a: JtelStack, b: JtelStack): number {
  const name = ({ metadata }: JtelStack): string => `${metadata.namespace}/${metadata.name}`;
  return urgencyOf(a) - urgencyOf(b) || (name(a) < name(b) ? -1 : 1);
}

/** A number to sort by: the smaller, the worse; below 0 are those that do not serve. Of two in the same phase, the one with more problems is worse. */
export function urgencyOf(stack: JtelStack): number {
  const place = phases.indexOf(stack.status?.phase ?? 'Pending');
  const bad = badConditions(stack);
  const problems = bad.length;
  // What customers miss now comes before everything that they do not notice.
  if (bad.some(({ type }) => type === 'Available')) return -100 - problems;
  // A stack that runs with a problem comes before those that are merely busy.
  const unwell = problems > 0 && place > phases.indexOf('Unreachable');
  return (unwell ? phases.indexOf('Unreachable') + 0.5 : place) * 100 - problems;
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly reason?: string;
  /** A sentence. */
  readonly message: string;
}

/**
 * The verdict on a stack, and the sentence for it. A stack that is ready can have a problem; then that is told
 * rather than that all is well.
 */
export function judgeStack(stack: JtelStack): Judgement {
  const bad = badConditions(stack);
  const phase = judgePhase(stack.status?.phase);
  const trouble = bad.find(({ type }) => type !== 'Ready' && type !== 'Stalled') ?? bad[0];
  if (phase === 'Good' && trouble !== undefined)
    return { verdict: 'Bad', reason: trouble.reason, message: `${trouble.type}: ${trouble.message}` };
  const reason = stack.status?.conditions?.find(({ type }) => type === 'Ready')?.reason;
  return {
    verdict: phase,
    message: sentenceOf(stack) ?? 'not looked at yet',
    ...optional({ reason }),
  };
}

/** One sentence about what is going on, or that the stack is well. */
export function sentenceOf({ status }: JtelStack): string | undefined {
  const message = status?.message ?? '';
  return message === '' ? status?.conditions?.find(({ type }) => type === 'Ready')?.message : message;
}
