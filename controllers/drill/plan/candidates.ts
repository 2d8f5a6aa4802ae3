/** How each stack of a drill stands, and whose turn is next; pure. */
import type { JtelBackup, JtelDrill, JtelRestore, JtelStack } from '../../../crds/index.ts';
import { isOver, type Member } from '../observe/observed.ts';

/** Room that a restore needs beside the size of the data. */
const diskFactor = 1.05;
const dayMilliseconds = 86_400_000;

export interface Standing {
  readonly stack: JtelStack;
  /** The newest that completed. */
  readonly backup: JtelBackup;
  /** Room on disk that its test needs, in bytes. */
  readonly bytes: number;
  /** RFC 3339, of its last test; absent: never. */
  readonly testTime?: string;
  /** A backup of it passed a test in time. */
  readonly isTested: boolean;
  readonly hasFailed: boolean;
  /** Its newest backup was not tested yet. */
  readonly isDue: boolean;
  /** A restore of it is under way. */
  readonly isBusy: boolean;
}

export function testName({ metadata }: JtelBackup): string {
  return `${metadata.name.slice(0, 240)}-drill`;
}

/** @returns those with a completed backup */
export function standings({ spec }: JtelDrill, members: readonly Member[], now: Date): readonly Standing[] {
  return members.flatMap(({ stack, backups, restores }) => {
    const backup = newest(backups);
    if (backup === undefined || stack.metadata.deletionTimestamp !== undefined) return [];
    const { lastRestoreTestTime, lastRestoreTestResult, lastRestoreTestPassedTime } =
      stack.status?.backup ?? {};
    const testTime = [lastRestoreTestTime, ...restores.map(testEnd)]
      .filter((time) => time !== undefined)
      .toSorted()
      .at(-1);
    return [
      {
        stack,
        backup,
        bytes: Math.ceil((backup.status?.totalBytes ?? 0) * diskFactor),
        ...(testTime === undefined ? {} : { testTime }),
        isTested:
          lastRestoreTestPassedTime !== undefined &&
          now.getTime() - Date.parse(lastRestoreTestPassedTime) < spec.testWithinDays * dayMilliseconds,
        hasFailed: lastRestoreTestResult === 'Failed',
        isDue: !wasTested(backup, restores),
        isBusy: restores.some((one) => !isOver(one)),
      },
    ];
  });
}

function newest(backups: readonly JtelBackup[]): JtelBackup | undefined {
  return backups
    .filter(
      ({ metadata, status }) => status?.phase === 'Completed' && metadata.deletionTimestamp === undefined,
    )
    .toSorted((a, b) => startOf(a).localeCompare(startOf(b)))
    .at(-1);
}

function startOf({ status, metadata }: JtelBackup): string {
  return status?.startTime ?? metadata.creationTimestamp;
}

function testEnd({ spec, status }: JtelRestore): string | undefined {
  return spec.mode === 'Test' ? status?.completionTime : undefined;
}

/** Once: what failed is not tried again with the same backup, unless somebody deletes that test. */
function wasTested(backup: JtelBackup, restores: readonly JtelRestore[]): boolean {
  const { method, state } = backup.status?.verification ?? {};
  if (method === 'Restore' && (state === 'Passed' || state === 'Failed')) return true;
  return restores.some(({ metadata }) => metadata.name === testName(backup));
}

/** Those that may be tested now: never tested ones first, then those whose test is the longest ago. */
export function inOrder(all: readonly Standing[]): readonly Standing[] {
  const id = ({ stack: { metadata } }: Standing): string => `${metadata.namespace}/${metadata.name}`;
  return all
    .filter(({ isDue, isBusy }) => isDue && !isBusy)
    .toSorted((a, b) => (a.testTime ?? '').localeCompare(b.testTime ?? '') || id(a).localeCompare(id(b)));
}
