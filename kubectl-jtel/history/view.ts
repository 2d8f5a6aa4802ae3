/** Shows the recorded specs of a stack and their outcomes, newest first. */
import type { HistoryEntry, JtelStack } from '../../crds/index.ts';
import type { Revision } from '../../controllers/stack/index.ts';
import type { Colour } from '../view/paint.ts';
import { table, type Cell, type Column } from '../view/table.ts';
import { age, span } from '../view/time.ts';
import type { ViewContext } from '../view/view.ts';
import { optional } from '../../base/optional.ts';

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
  readonly sourceRevision?: string;
  /** The program that wrote the spec. A cluster keeps no names of persons outside its audit log. */
  readonly changedBy?: string;
  readonly message?: string;
  /** Whether this revision is the current spec, or the one that runs. */
  readonly marks: readonly ('Wanted' | 'Running')[];
}

export function historyLines(stack: JtelStack, revisions: readonly Revision[]): HistoryLine[] {
  const entries = stack.status?.history ?? [];
  const newest = revisions.at(-1);
  const lines = revisions.map((revision): HistoryLine => {
    const entry = entries.find(
      (one) =>
        one.revision === revision.number &&
        (revision.attempt === undefined || one.action === revision.attempt.action),
    );
    return {
      ...fromRevision(revision, entry),
      marks: [
        ...(revision === newest ? (['Wanted'] as const) : []),
        ...(stack.status?.revision === revision.number ? (['Running'] as const) : []),
      ],
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
      changedBy: revision.changedBy,
      message,
    }),
  };
}

function timeOf({ startTime = '' }: HistoryLine): number {
  return Date.parse(startTime) || 0;
}

const columns: readonly Column[] = [
  { title: '' },
  { title: 'REVISION', align: 'right' },
  { title: 'VERSION' },
  { title: 'ACTION' },
  { title: 'RESULT' },
  { title: 'WHEN' },
  { title: 'TOOK', dropOrder: 2 },
  { title: 'DOWN', dropOrder: 3 },
  { title: 'SOURCE', dropOrder: 1 },
  { title: 'BY', dropOrder: 4 },
  { title: 'MESSAGE', flexible: true },
];

const resultColours: Readonly<Record<string, Colour>> = {
  Succeeded: 'green',
  Failed: 'red',
  RolledBack: 'yellow',
  RollingBack: 'yellow',
  Held: 'red',
  Superseded: 'dim',
};

export function historyView(lines: readonly HistoryLine[], { paint, width, now }: ViewContext): string[] {
  const rows = lines.map((line): Cell[] => {
    const took =
      line.startTime === undefined || line.completionTime === undefined
        ? ''
        : span((Date.parse(line.completionTime) - Date.parse(line.startTime)) / 1000);
    return [
      { text: line.marks.includes('Running') ? '▶' : '', colour: 'green' },
      line.revision === undefined ? '' : String(line.revision),
      line.version ?? '',
      line.action ?? '',
      {
        text: line.result ?? (line.marks.includes('Wanted') ? 'under way' : ''),
        colour: resultColours[line.result ?? ''],
      },
      `${age(line.startTime, now)} ago`,
      took,
      line.downtimeSeconds === undefined ? '' : span(line.downtimeSeconds),
      line.sourceRevision?.slice(0, 12) ?? '',
      line.changedBy ?? '',
      line.message ?? '',
    ];
  });
  const used = columns.map(
    ({ title }, index) =>
      title === '' || title === 'REVISION' || rows.some((row) => textOf(row[index]) !== ''),
  );
  const only = <T>(items: readonly T[]): T[] => items.filter((_, index) => used[index] === true);
  return table(only(columns), rows.map(only), { paint, width });
}

function textOf(cell: Cell | undefined): string {
  return typeof cell === 'string' ? cell : (cell?.text ?? '');
}
