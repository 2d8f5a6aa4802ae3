/**
 * What the people who look after hundreds of stacks ask about all of them, read from their status: how many serve, which
 * versions are in the field, how old backups and their tests are, what runs full or runs out. Pure.
 */
import { coerce, compare } from 'semver';
import { optional } from '../base/optional.ts';
import { age, span } from '../base/time.ts';
import type { JtelStack } from '../crds/index.ts';
import { findCondition } from '../runtime/report/conditions.ts';
import { isAvailable } from './available.ts';
import { diskPlace, madeWith } from './fleet-hosts.ts';
import type { Place } from './fleet-place.ts';
import { judgeNow, judgePhase, type Verdict } from './judge.ts';

export interface FleetReport {
  /** Number of stacks. */
  readonly stacks: number;
  readonly questions: readonly FleetQuestion[];
}

/** Each stack is in one group of a question, but for those that a question is not about. */
export interface FleetQuestion {
  readonly name:
    | 'Service'
    | 'Versions'
    | 'Backups'
    | 'RestoreTests'
    | 'Disks'
    | 'Certificates'
    | 'Docker'
    | 'OperatingSystems'
    | 'WaitingForWindow';
  readonly groups: readonly FleetGroup[];
}

export interface FleetGroup {
  /** Such as `3.43.2` or `older than 7 days`. */
  readonly name: string;
  readonly verdict: Verdict;
  /** Worst first. */
  readonly stacks: readonly FleetStack[];
}

export interface FleetStack {
  readonly namespace: string;
  readonly name: string;
  /** What the group's name does not say of this one, for people: `8 % (12 GB) free`. */
  readonly detail?: string;
  /** The same for programs: a time, a version, or a share from 0 to 1. */
  readonly value?: string | number;
  /** Of a disk that fills up: in how many days it is full. */
  readonly daysLeft?: number;
}

export interface FleetReportOptions {
  readonly now: Date;
  /** Certificates that end within so many days are told. */
  readonly certificateDays: number;
}

type Ask = (stack: JtelStack, options: FleetReportOptions) => Place | undefined;

const hourMilliseconds = 3_600_000;
/** A nightly backup with its spread and its duration. */
const backupHours = 26;
const backupConditions = new Set(['BackupHealthy', 'RecoveryObjectivesMet']);
const newestTestDays = 7;
const newTestDays = 30;

/** @param stacks all of them, with which each is compared */
const asksOf = (stacks: readonly JtelStack[]): Readonly<Record<FleetQuestion['name'], Ask>> => ({
  Service: serviceOf,
  Versions: versionOf,
  Backups: backupOf,
  RestoreTests: restoreTestOf,
  Disks: (stack, { now }) => diskPlace(stack, now),
  Certificates: certificateOf,
  Docker: madeWith(stacks, ({ status }) => status?.host?.dockerVersion),
  OperatingSystems: madeWith(stacks, ({ status }) => status?.host?.os),
  WaitingForWindow: waitingOf,
});

export function fleetReport(stacks: readonly JtelStack[], options: FleetReportOptions): FleetReport {
  const questions = Object.entries(asksOf(stacks)).map(([name, ask]) => ({
    name: name as FleetQuestion['name'],
    groups: grouped(stacks, (stack) => ask(stack, options)),
  }));
  return { stacks: stacks.length, questions };
}

function grouped(
  stacks: readonly JtelStack[],
  ask: (stack: JtelStack) => Place | undefined,
): readonly FleetGroup[] {
  const groups = new Map<string, { readonly place: Place; readonly found: [Place, FleetStack][] }>();
  for (const stack of stacks) {
    const place = ask(stack);
    if (place === undefined) continue;
    const group = groups.get(place.group) ?? { place, found: [] };
    groups.set(place.group, group);
    group.found.push([place, fleetStack(stack, place)]);
  }
  return [...groups.values()]
    .toSorted((a, b) => a.place.order - b.place.order || byVersion(a.place.group, b.place.group))
    .map(({ place: { group, verdict }, found }) => ({
      name: group,
      verdict,
      stacks: found
        .toSorted(
          ([a, one], [b, other]) => (a.orderInGroup ?? 0) - (b.orderInGroup ?? 0) || byName(one, other),
        )
        .map(([, stack]) => stack),
    }));
}

function fleetStack(
  { metadata: { namespace = '', name } }: JtelStack,
  { detail, value, daysLeft }: Place,
): FleetStack {
  return { namespace, name, ...optional({ detail, value, daysLeft }) };
}

function serviceOf(stack: JtelStack): Place {
  if (isAvailable(stack)) return { group: 'available', verdict: 'Good', order: 4 };
  const conditions = stack.status?.conditions ?? [];
  const told = findCondition(conditions, 'Available');
  const detail = told?.reason ?? stack.status?.phase ?? 'Pending';
  // Of what was never installed, the phase says whether anybody works on it.
  const verdict =
    told === undefined || told.reason === 'NotInstalled'
      ? judgePhase(stack.status?.phase)
      : judgeNow(told, conditions);
  if (verdict === 'Neutral') return { group: 'at rest, as wanted', verdict, order: 3, detail };
  if (verdict === 'Bad') return { group: 'not available', verdict, order: 0, detail };
  return verdict === 'Busy'
    ? { group: 'under way', verdict, order: 1, detail }
    : { group: 'not known', verdict: 'Unknown', order: 2, detail };
}

function versionOf({ status }: JtelStack): Place {
  const { version, targetVersion } = status ?? {};
  const detail = targetVersion === undefined ? undefined : `→ ${targetVersion}`;
  return version === undefined
    ? { group: 'none yet', verdict: 'Busy', order: 1, ...optional({ detail, value: targetVersion }) }
    : { group: version, verdict: 'Neutral', order: 0, ...optional({ detail, value: targetVersion }) };
}

function backupOf({ metadata, spec, status }: JtelStack, { now }: FleetReportOptions): Place {
  if (spec.backup === undefined) return { group: 'not configured', verdict: 'Neutral', order: 5 };
  const value = status?.backup?.lastSuccessTime;
  const last = hoursSince(value, now);
  const found = optional({ value, detail: value === undefined ? undefined : `${age(value, now)} old` });
  const conditions = status?.conditions ?? [];
  const isUnhealthy = conditions.some(
    (one) => backupConditions.has(one.type) && judgeNow(one, conditions) === 'Bad',
  );
  if (isUnhealthy)
    return { group: 'failed or overdue', verdict: 'Bad', order: 0, orderInGroup: -(last ?? 1e9), ...found };
  if (last === undefined) {
    const isNew = (hoursSince(metadata.creationTimestamp, now) ?? 0) <= backupHours;
    return isNew
      ? { group: 'none yet', verdict: 'Busy', order: 1 }
      : { group: 'none yet for long', verdict: 'Bad', order: 1 };
  }
  const orderInGroup = -last;
  if (last <= backupHours)
    return { group: `within ${backupHours} h`, verdict: 'Good', order: 4, orderInGroup, ...found };
  return last <= 7 * 24
    ? { group: 'within 7 days', verdict: 'Good', order: 3, orderInGroup, ...found }
    : { group: 'older', verdict: 'Busy', order: 2, orderInGroup, ...found };
}

function restoreTestOf({ spec, status }: JtelStack, { now }: FleetReportOptions): Place | undefined {
  if (spec.backup === undefined) return undefined;
  const {
    lastRestoreTestResult: result,
    lastRestoreTestTime,
    lastRestoreTestPassedTime,
  } = status?.backup ?? {};
  if (result === 'Failed')
    return {
      group: 'last one failed',
      verdict: 'Bad',
      order: 0,
      ...optional({ value: lastRestoreTestTime, detail: `${age(lastRestoreTestTime, now)} ago` }),
    };
  const hours = hoursSince(lastRestoreTestPassedTime, now);
  if (hours === undefined) return { group: 'never', verdict: 'Busy', order: 1 };
  const found = {
    orderInGroup: -hours,
    ...optional({ value: lastRestoreTestPassedTime, detail: `${age(lastRestoreTestPassedTime, now)} ago` }),
  };
  if (hours <= newestTestDays * 24)
    return { group: `within ${newestTestDays} days`, verdict: 'Good', order: 4, ...found };
  return hours <= newTestDays * 24
    ? { group: `within ${newTestDays} days`, verdict: 'Good', order: 3, ...found }
    : { group: 'longer ago', verdict: 'Busy', order: 2, ...found };
}

function certificateOf(
  { status }: JtelStack,
  { now, certificateDays }: FleetReportOptions,
): Place | undefined {
  const value = status?.certificate?.notAfter;
  if (value === undefined) return undefined;
  const seconds = (Date.parse(value) - now.getTime()) / 1000;
  if (Number.isNaN(seconds)) return undefined;
  const orderInGroup = seconds;
  if (seconds <= 0)
    return { group: 'ended', verdict: 'Bad', order: 0, orderInGroup, value, detail: `${span(-seconds)} ago` };
  const detail = `in ${span(seconds)}`;
  return seconds <= certificateDays * 86_400
    ? {
        group: `end within ${span(certificateDays * 86_400)}`,
        verdict: 'Busy',
        order: 1,
        orderInGroup,
        value,
        detail,
      }
    : { group: 'end later', verdict: 'Good', order: 2, orderInGroup, value, detail };
}

function waitingOf({ status }: JtelStack): Place | undefined {
  if (!(status?.conditions ?? []).some(({ reason }) => reason === 'WaitingForWindow')) return undefined;
  const { version, targetVersion } = status ?? {};
  return {
    group: `for ${targetVersion ?? 'a change'}`,
    verdict: 'Busy',
    order: 0,
    ...optional({ value: targetVersion, detail: version === undefined ? undefined : `runs ${version}` }),
  };
}

/** Undefined if there is no such time. */
function hoursSince(time: string | undefined, now: Date): number | undefined {
  const then = time === undefined ? Number.NaN : Date.parse(time);
  return Number.isNaN(then) ? undefined : (now.getTime() - then) / hourMilliseconds;
}

/** Newest first; what is no version goes by its letters. */
function byVersion(one: string, other: string): number {
  const [a, b] = [coerce(one), coerce(other)];
  if (a !== null && b !== null && compare(a, b) !== 0) return compare(b, a);
  return one < other ? -1 : 1;
}

function byName(a: FleetStack, b: FleetStack): number {
  return `${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1;
}
