/** What a JtelBackup asks for: its names, its phase, and the time that each of its tries has; pure. */

import type { DatabaseKind } from '../../../backup-format/data-set.ts';
import type { JtelBackup } from '../../../crds/index.ts';
import type { DatabaseWay } from '../../loading/restore-job.ts';
import type { Limits } from './limits.ts';

/** The operation of a try that uses nothing that is stored already. */
export const fullBackupOperation = 'FullBackup';

/** One for each try: whoever starts it a second time finds the first job. */
export function jobUID(backup: JtelBackup, attempt = backup.status?.attempt ?? 1): string {
  return `${backup.metadata.uid}-${attempt}`;
}

export function testRestoreName(backup: JtelBackup): string {
  return `${backup.metadata.name.slice(0, 240)}-verify`;
}

/**
 * How the database is backed up.
 * @param wanted what the stack says
 * @param canPhysical whether the release says where the database's files lie
 */
export function methodFor(wanted: DatabaseKind | undefined, canPhysical: boolean): DatabaseKind {
  return canPhysical ? (wanted ?? 'Physical') : 'Logical';
}

export function isFinished(backup: JtelBackup): boolean {
  return backup.status?.phase === 'Completed' || backup.status?.phase === 'Failed';
}

/** An operation on the stack waits for this backup, so the backup must not wait for that operation. */
export function isPartOfOperation(backup: JtelBackup): boolean {
  return ['PreUpdate', 'PreRestore', 'Relocation'].includes(backup.spec.trigger);
}

/** How long a try may write to the store. Each try has longer than the one before, so one of them has long enough. */
export function uploadWindowSeconds(backup: JtelBackup, limits: Limits): number {
  return limits.uploadWindowSeconds * (backup.status?.attempt ?? 1);
}

/** A right to write that is shorter than this would end more tries than it would protect. */
const shortestGrantSeconds = 3600;
/** Times as long as the last backup took. */
const grantMargin = 4;

/** What the newest backup says of the next one. */
export interface Last {
  readonly epoch: string;
  readonly keyID?: string;
  readonly database: DatabaseWay;
  /** From its beginning to its end. */
  readonly seconds: number;
}

/**
 * How long the first try may write: what it should need, judged by the last backup. Azure cannot limit the right to
 * names that nobody knows yet, so it is limited in time. If it ends too soon, the next try continues, with its
 * whole window.
 * @param next the backup that begins
 * @returns undefined when the last one says nothing of it, because all data are stored anew or in another form
 */
export function firstGrantSeconds(
  last: Last | undefined,
  next: Pick<Last, 'epoch' | 'keyID' | 'database'>,
): number | undefined {
  if (last?.epoch !== next.epoch || last.keyID !== next.keyID || last.database !== next.database)
    return undefined;
  return Math.max(shortestGrantSeconds, Math.ceil(last.seconds * grantMargin));
}

/** How long the right to write of this try lasts, from its beginning; the window at most. */
export function grantSeconds(backup: JtelBackup, limits: Limits): number {
  const window = uploadWindowSeconds(backup, limits);
  const { attempt = 1, writeSeconds = window } = backup.status ?? {};
  return attempt === 1 ? Math.min(window, writeSeconds) : window;
}
