/** Shows the recorded specs of a stack and their outcomes, newest first. */
import type { HistoryLine } from '../../insight/history.ts';
import type { Colour } from '../view/paint.ts';
import { table, type Cell, type Column } from '../view/table.ts';
import { age, secondsBetween, span } from '../../base/time.ts';
import type { ViewContext } from '../view/view.ts';

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
  { title: 'BACKUP', dropOrder: 5 },
  { title: 'BY', dropOrder: 4 },
  { title: 'MESSAGE', flexible: 'Shorten' },
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
        : span(secondsBetween(line.startTime, line.completionTime));
    return [
      { text: line.marks.includes('Running') ? '▶' : '', colour: 'green' },
      line.revision === undefined ? '' : String(line.revision),
      line.version ?? '',
      line.action ?? '',
      {
        text: line.result ?? (line.isStalled ? 'stalled' : line.marks.includes('Wanted') ? 'under way' : ''),
        colour: resultColours[line.result ?? ''],
      },
      `${age(line.startTime, now)} ago`,
      took,
      line.downtimeSeconds === undefined ? '' : span(line.downtimeSeconds),
      line.sourceRevision?.slice(0, 12) ?? '',
      line.backupRef ?? '',
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
