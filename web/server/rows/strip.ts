/** A stack's backups of the last 30 days, as one letter for each day (see `BackupStrip` in web/protocol.ts). */
import type { JtelBackup, JtelStack } from '../../../crds/index.ts';
import type { BackupStrip } from '../../protocol.ts';

const stripDays = 30;
const dayMilliseconds = 86_400_000;

/** Of several backups on one day, the letter that comes first here is shown. */
const order = ['r', 'v', 'o', 'd', 'f'] as const;
type Letter = (typeof order)[number];

export function backupStrip(stack: JtelStack, backups: readonly JtelBackup[], now: Date): BackupStrip {
  const today = dayOf(now.getTime());
  const created = dayOf(Date.parse(stack.metadata.creationTimestamp));
  const letters = new Map<number, Letter>();
  let oldest = Number.POSITIVE_INFINITY;
  for (const backup of backups) {
    const day = dayOf(Date.parse(backup.status?.startTime ?? backup.metadata.creationTimestamp));
    const letter = letterOf(backup);
    const present = letters.get(day);
    if (present === undefined || order.indexOf(letter) < order.indexOf(present)) letters.set(day, letter);
    oldest = Math.min(oldest, day);
  }
  // Fewer objects than are kept: none was removed, so a day without one had no backup.
  const counted = backups.filter(({ spec }) => spec.trigger !== 'Manual').length;
  const isWhole = counted < (stack.spec.backup?.historyLimit ?? 0);
  const days = Array.from({ length: stripDays }, (_, index) => {
    const day = today - stripDays + 1 + index;
    const letter = letters.get(day);
    if (letter !== undefined) return letter;
    if (day < created) return '-';
    return day < oldest && !isWhole && backups.length > 0 ? '?' : 'n';
  });
  return { days: days.join(''), lastDay: new Date(today * dayMilliseconds).toISOString().slice(0, 10) };
}

/** Days of UTC since 1970. */
export function dayOf(milliseconds: number): number {
  return Math.floor(milliseconds / dayMilliseconds);
}

function letterOf({ status = {} }: JtelBackup): Letter {
  if (status.phase === 'Failed') return 'f';
  if (status.phase !== 'Completed') return 'r';
  return isDoubtful(status) ? 'd' : status.verification?.state === 'Passed' ? 'v' : 'o';
}

/** Complete, but it may lack something or could not be verified. */
export function isDoubtful({ emptied = [], verification }: NonNullable<JtelBackup['status']>): boolean {
  return emptied.length > 0 || verification?.state === 'Failed';
}
