/** Shows all stacks as a table, those that do not serve first, then the worst. */
import type { JtelStack } from '../../crds/index.ts';
import { findCondition } from '../../runtime/report/conditions.ts';
import { byUrgency, judgeNow, judgeStack } from '../../insight/judge.ts';
import { signs } from './signs.ts';
import { table, type Cell, type Column } from '../view/table.ts';
import { age } from '../../base/time.ts';
import type { ViewContext } from '../view/view.ts';

export interface FleetOptions {
  readonly scope: 'Namespace' | 'AllNamespaces';
  readonly columns: 'Usual' | 'Wide';
}

const usual: readonly Column[] = [
  { title: '' },
  { title: 'NAMESPACE', dropOrder: 1 },
  { title: 'NAME' },
  { title: 'VERSION' },
  { title: 'PHASE' },
  { title: 'AVAILABLE' },
  { title: 'BACKUP', dropOrder: 3 },
  { title: 'AGE', dropOrder: 4 },
  { title: 'WHAT IS GOING ON', flexible: 'Shorten' },
];
const further: readonly Column[] = [
  { title: 'SIZE' },
  { title: 'HOST' },
  { title: 'REVISION', align: 'right' },
];

export function fleetView(
  stacks: readonly JtelStack[],
  options: FleetOptions,
  context: ViewContext,
): string[] {
  const wide = options.columns === 'Wide';
  const columns = wide ? [...usual.slice(0, -1), ...further, ...usual.slice(-1)] : usual;
  const shown = columns.map(({ title }) => title !== 'NAMESPACE' || options.scope === 'AllNamespaces');
  const only = <T>(items: readonly T[]): T[] => items.filter((_, index) => shown[index] === true);
  const rows = stacks.toSorted(byUrgency).map((stack) => {
    const cells = row(stack, context);
    return only(wide ? [...cells.slice(0, -1), ...furtherCells(stack), ...cells.slice(-1)] : cells);
  });
  return table(only(columns), rows, { paint: context.paint, width: wide ? undefined : context.width });
}

function row(stack: JtelStack, { now }: ViewContext): Cell[] {
  const { metadata, spec, status = {} } = stack;
  const { verdict, message } = judgeStack(stack);
  const { sign, colour } = signs[verdict];
  const version =
    status.version === undefined || status.version === spec.version
      ? spec.version
      : `${status.version}→${spec.version}`;
  const percent = status.operation?.progressPercent;
  return [
    { text: sign, colour },
    metadata.namespace,
    { text: metadata.name, colour: 'bold' },
    version,
    { text: status.phase ?? 'Pending', colour },
    availableCell(stack),
    spec.backup === undefined ? { text: 'none', colour: 'dim' } : age(status.backup?.lastSuccessTime, now),
    age(metadata.creationTimestamp, now),
    percent === undefined ? message : `${percent} % ${message}`,
  ];
}

/** Whether it serves, and how many of its containers are well. */
function availableCell(stack: JtelStack): Cell {
  const { conditions = [], componentsReady = '' } = stack.status ?? {};
  const told = findCondition(conditions, 'Available');
  const words = { True: 'yes', False: 'no', Unknown: '?' } as const;
  if (told === undefined) return componentsReady;
  return {
    text: `${words[told.status]} ${componentsReady}`.trim(),
    colour: signs[judgeNow(told, conditions)].colour,
  };
}

function furtherCells({ spec, status }: JtelStack): Cell[] {
  return [spec.size, spec.host.address, status?.revision === undefined ? '' : String(status.revision)];
}
