/** Shows the answers about all stacks: a line for each group, with the names of those that want somebody's attention. */
import type { FleetGroup, FleetQuestion, FleetReport, FleetStack } from '../../insight/fleet.ts';
import { signs } from '../status/signs.ts';
import { table, type Cell } from '../view/table.ts';
import type { ViewContext } from '../view/view.ts';

const titles: Readonly<Record<FleetQuestion['name'], string>> = {
  Service: 'SERVICE',
  Versions: 'VERSIONS',
  Backups: 'NEWEST BACKUP',
  RestoreTests: 'NEWEST RESTORE TEST',
  Disks: 'DISKS',
  Certificates: 'CERTIFICATES',
  Docker: 'DOCKER',
  OperatingSystems: 'OPERATING SYSTEMS',
  WaitingForWindow: 'WAIT FOR THEIR WINDOW',
};

/** @param names `Some`: of groups that want attention, as far as they fit; `All`: of each group, whole. */
export function fleetReportView(
  { stacks, questions }: FleetReport,
  names: 'Some' | 'All',
  context: ViewContext,
): string[] {
  const asked = questions.filter(({ groups }) => groups.length > 0);
  return [
    `${stacks} ${stacks === 1 ? 'stack' : 'stacks'}`,
    ...asked.flatMap(({ name, groups }) => ['', ...groupLines(titles[name], groups, names, context)]),
  ];
}

function groupLines(
  title: string,
  groups: readonly FleetGroup[],
  names: 'Some' | 'All',
  { paint, width }: ViewContext,
): string[] {
  const rows = groups.map((group): Cell[] => {
    const { sign, colour } = signs[group.verdict];
    const told = names === 'All' ? group.stacks : worthNaming(group);
    return [{ text: sign, colour }, group.name, String(group.stacks.length), told.map(nameOf).join(', ')];
  });
  return table(
    [{ title: '' }, { title }, { title: 'STACKS', align: 'right' }, { title: 'WHICH', flexible: 'Shorten' }],
    rows,
    { paint, width: names === 'All' ? undefined : width },
  );
}

function worthNaming({ verdict, stacks }: FleetGroup): readonly FleetStack[] {
  if (verdict === 'Good') return [];
  // Such as which of those with this version are on their way to another.
  return verdict === 'Neutral' ? stacks.filter(({ detail }) => detail !== undefined) : stacks;
}

function nameOf({ namespace, name, detail }: FleetStack): string {
  return `${namespace}/${name}${detail === undefined ? '' : ` (${detail})`}`;
}
