/** What a channel asks of a stack before its update; pure. */
import type { ChannelGates, JtelStack, Reason } from '../../../crds/index.ts';
import { findCondition } from '../../../runtime/report/conditions.ts';

export interface ClosedGate {
  readonly standing: 'Waiting';
  readonly reason: Reason;
  readonly message: string;
  readonly until?: Date;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** @returns the first gate that is closed for the stack */
export function gateOf(gates: ChannelGates, stack: JtelStack, now: Date): ClosedGate | undefined {
  return availableGate(gates, stack, now) ?? backupGate(gates, stack, now) ?? testGate(gates, stack, now);
}

function availableGate(
  { availableForMinutes = 0 }: ChannelGates,
  { status }: JtelStack,
  now: Date,
): ClosedGate | undefined {
  const available = findCondition(status?.conditions, 'Available');
  const closed = { standing: 'Waiting', reason: 'NotAvailableLongEnough' } as const;
  if (available?.status !== 'True')
    return {
      ...closed,
      message: `what customers use does not answer: ${available?.message ?? 'not known yet'}`,
    };
  const until = new Date(Date.parse(available.lastTransitionTime) + availableForMinutes * minute);
  return until > now
    ? { ...closed, message: `what customers use answers since ${available.lastTransitionTime} only`, until }
    : undefined;
}

function backupGate(
  { backupYoungerThanHours }: ChannelGates,
  { status }: JtelStack,
  now: Date,
): ClosedGate | undefined {
  const last = status?.backup?.lastSuccessTime;
  if (isYoung(last, backupYoungerThanHours, hour, now)) return undefined;
  const message = last === undefined ? 'there is no backup' : `the newest backup is of ${last}`;
  return { standing: 'Waiting', reason: 'BackupTooOld', message };
}

function testGate(
  { restoreTestYoungerThanDays }: ChannelGates,
  { status }: JtelStack,
  now: Date,
): ClosedGate | undefined {
  const last = status?.backup?.lastRestoreTestPassedTime;
  if (isYoung(last, restoreTestYoungerThanDays, day, now)) return undefined;
  const message =
    last === undefined ? 'no test restore has passed' : `the last test restore passed at ${last}`;
  return { standing: 'Waiting', reason: 'RestoreTestTooOld', message };
}

/** @param most how many units old it may be; undefined: that is not asked for */
function isYoung(time: string | undefined, most: number | undefined, unit: number, now: Date): boolean {
  if (most === undefined) return true;
  return time !== undefined && now.getTime() - Date.parse(time) < most * unit;
}
