/** Shows an import, and what it does not bring over; pure. */
import { printable } from '../../base/printable.ts';
import type { JtelStack } from '../../crds/index.ts';
import { table, type Cell } from '../view/table.ts';
import type { ViewContext } from '../view/view.ts';

export function importView({ metadata, spec, status }: JtelStack, { paint, width }: ViewContext): string[] {
  const database = spec.initialData.import?.database;
  const from = database === undefined ? '' : ` from ${database.address}:${database.port}`;
  const progress = status?.import;
  const head = `${metadata.name}: import${from}`;
  if (progress === undefined)
    return [
      `${head}, not everything was copied yet`,
      printable(status?.message ?? 'no operator has looked at it yet'),
    ];
  const { pullTime, finishTime, tables, rows, copiedTables, notBrought = [], moreNotBrought = 0 } = progress;
  const finishAt = spec.initialData.import?.finishAt;
  const end =
    finishTime === undefined
      ? finishAt === undefined
        ? 'waits for: kubectl jtel import finish'
        : `will be finished at ${finishAt}`
      : `finished at ${finishTime}: ${rows ?? 0} rows are equal; ${copiedTables ?? 0} tables had changed since`;
  const lines = [head, `copied at ${pullTime}: ${tables} tables`, end, ''];
  if (notBrought.length === 0) return [...lines, 'Everything is brought over.'];
  const all = notBrought.map(({ kind, what }): Cell[] => [kind, printable(what)]);
  const more = moreNotBrought === 0 ? [] : [`… and ${moreNotBrought} more`];
  return [
    ...lines,
    ...table([{ title: 'NOT BROUGHT OVER' }, { title: 'WHAT', flexible: 'Wrap' }], all, { paint, width }),
    ...more,
  ];
}
