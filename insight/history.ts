/** The changes of a stack: each recorded spec with its outcome, newest first. */
import type { HistoryEntry, JtelStack } from '../crds/index.ts';
import type { Revision } from '../controllers/stack/index.ts';
import { findCondition } from '../runtime/report/conditions.ts';
import { optional } from '../base/optional.ts';

/** One line of the history; `-o json` prints it too. */
export interface HistoryLine {
  readonly revision?: number;
  readonly version?: string;
  readonly action?: string;
  readonly result?: string;
  /** RFC 3339. */
  readonly startTime?: string;
  readonly completionTime?: string;
  readonly downtimeSeconds?: number;
  /** The commit that the spec came from. */
  readonly sourceRevision?: string;
  /** Name of the JtelBackup that was made before anything was changed. */
  readonly backupRef?: string;
  /** The program that wrote the spec. A cluster keeps no names of persons outside its audit log. */
  readonly changedBy?: string;
  readonly message?: string;
  /** Whether this revision is the current spec, or the one that runs. */
  readonly marks: readonly ('Wanted' | 'Running')[];
  /** The wanted spec cannot begin, as the condition Stalled says. */
  readonly isStalled?: true;
}

/** @param commit of the present spec, as whoever applies it from git says */
export function historyLines(
  stack: JtelStack,
  revisions: readonly Revision[],
  commit?: string,
): HistoryLine[] {
  const entries = stack.status?.history ?? [];
  const newest = revisions.at(-1);
  const isStalled = findCondition(stack.status?.conditions, 'Stalled')?.status === 'True';
  const lines = revisions.map((revision): HistoryLine => {
    const entry = entries.find(
      (one) =>
        one.revision === revision.number &&
        (revision.attempt === undefined || one.action === revision.attempt.action),
    );
    return {
      ...fromRevision(revision, entry),
      ...(revision === newest ? optional({ sourceRevision: commit ?? revision.sourceRevision }) : {}),
      marks: [
        ...(revision === newest ? (['Wanted'] as const) : []),
        ...(stack.status?.revision === revision.number ? (['Running'] as const) : []),
      ],
      ...(revision === newest && revision.attempt === undefined && isStalled ? { isStalled } : {}),
    };
  });
  const others = entries.filter(
    (entry) => !lines.some((line) => line.revision === entry.revision && line.action === entry.action),
  );
  return [...lines, ...others.map((entry): HistoryLine => ({ ...entry, marks: [] }))].toSorted(
    (a, b) => timeOf(b) - timeOf(a) || (b.revision ?? 0) - (a.revision ?? 0),
  );
}

function fromRevision(revision: Revision, entry: HistoryEntry | undefined): Omit<HistoryLine, 'marks'> {
  const { attempt, outcome } = revision;
  const version = entry?.version ?? revision.spec.version;
  const action = attempt?.action ?? entry?.action;
  const result = outcome?.result ?? entry?.result;
  const completionTime = outcome?.backTime ?? outcome?.time ?? entry?.completionTime;
  const sourceRevision = revision.sourceRevision ?? entry?.sourceRevision;
  const message = outcome?.message ?? attempt?.failure?.message ?? entry?.message;
  const downtimeSeconds = outcome?.downtimeSeconds ?? entry?.downtimeSeconds;
  return {
    revision: revision.number,
    version,
    startTime: attempt?.startTime ?? entry?.startTime ?? revision.time,
    ...optional({
      action,
      result,
      completionTime,
      downtimeSeconds,
      sourceRevision,
      backupRef: attempt?.backupRef,
      changedBy: revision.changedBy,
      message,
    }),
  };
}

function timeOf({ startTime = '' }: HistoryLine): number {
  return Date.parse(startTime) || 0;
}
