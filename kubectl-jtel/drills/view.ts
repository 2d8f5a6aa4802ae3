/** Shows drills, their hosts, and the tests that run; pure. */
import type { DrillTest, JtelDrill } from '../../crds/index.ts';
import { formatBytes } from '../../base/bytes.ts';
import { table, type Cell } from '../view/table.ts';
import type { ViewContext } from '../view/view.ts';

export function drillsView(drills: readonly JtelDrill[], { paint, width }: ViewContext): string[] {
  return drills.flatMap(({ metadata, status }, index) => {
    const hosts = (status?.hosts ?? []).map(({ name, state, freeGiB, message = '' }): Cell[] => [
      name,
      { text: state, colour: state === 'Ready' ? 'green' : 'red' },
      freeGiB === undefined ? '–' : `${freeGiB} GiB`,
      (status?.tests ?? [])
        .filter(({ host }) => host === name)
        .map(describeTest)
        .join(', '),
      message,
    ]);
    return [
      ...(index === 0 ? [] : ['']),
      `${metadata.name}: ${status?.message ?? 'no operator has looked at it yet'}`,
      ...oldest(status?.oldest),
      '',
      ...table(
        [
          { title: 'HOST' },
          { title: 'STATE' },
          { title: 'FREE', align: 'right' },
          { title: 'TESTS' },
          { title: 'MESSAGE', flexible: 'Wrap' },
        ],
        hosts,
        { paint, width },
      ),
    ];
  });
}

function describeTest({ namespace, stack, bytes }: DrillTest): string {
  return `${namespace}/${stack} (${formatBytes(bytes)})`;
}

function oldest(of: NonNullable<JtelDrill['status']>['oldest']): string[] {
  if (of === undefined) return [];
  return [`longest ago: ${of.namespace}/${of.name}, ${of.testTime ?? 'never tested'}`];
}
