/** All stacks. */
import type { StackRow } from '../../protocol.ts';
import { Facets } from './facets.tsx';
import { Mark, Progress, Strip, Time } from './parts.tsx';
import { formatRoute, noFilter, type Route, type SortKey } from './route.ts';
import { isFiltered } from './select.ts';
import { about, connection, go, isNarrow, isWhole, shown, stacks } from './state.ts';
import { WindowedTable, type Column } from './table.tsx';

const columns: readonly Column[] = [
  { name: 'judged', title: 'State', sortKey: 'urgency' },
  { name: 'stack', title: 'Stack', sortKey: 'name' },
  { name: 'phase', title: 'Phase', sortKey: 'phase' },
  { name: 'version', title: 'Version', sortKey: 'version' },
  { name: 'up', title: 'Available', sortKey: 'up' },
  { name: 'days', title: 'Backups of 30 days' },
  { name: 'point', title: 'Last backup', sortKey: 'backup' },
  { name: 'message', title: 'What is going on' },
];

export function Fleet({ route }: { readonly route: Route & { readonly view: 'Stacks' } }) {
  const rows = shown.value;
  const choose = (key: SortKey): void => {
    const isDescending = route.sort.key === key && !route.sort.isDescending;
    go({ ...route, sort: { key, isDescending } });
  };
  return (
    <main class="list">
      <h1 class="unseen">Stacks</h1>
      <Facets route={route} />
      {rows.length === 0 ? (
        <Nothing route={route} />
      ) : (
        <WindowedTable
          label="Stacks"
          kind="fleet"
          columns={columns}
          rows={rows}
          rowHeight={isNarrow.value ? 86 : 32}
          cells={cells}
          sorting={{ by: route.sort, choose }}
        />
      )}
    </main>
  );
}

function Nothing({ route }: { readonly route: Route & { readonly view: 'Stacks' } }) {
  if (isFiltered(route.filter) && stacks.value.size > 0)
    return (
      <p class="nothing">
        No stack matches.{' '}
        <button type="button" onClick={() => go({ ...route, filter: noFilter })}>
          Show all {stacks.value.size}
        </button>
      </p>
    );
  if (!isWhole.value)
    return <p class="nothing">{connection.value.state === 'Lost' ? 'No connection.' : 'Reading stacks …'}</p>;
  const hidden = about.value?.limits.some(({ what }) => what === 'stacks') ?? false;
  return <p class="nothing">{hidden ? 'There is no stack that you may read.' : 'There are no stacks.'}</p>;
}

/** One row. A function that stays the same, so that a row is drawn again only when it is another. */
function cells(row: StackRow) {
  const { recoveryPoint, backups, operation } = row;
  return (
    <>
      <td role="cell" class="judged">
        <Mark verdict={row.verdict} />
      </td>
      <td role="cell" class="stack">
        <a href={formatRoute({ view: 'Stack', key: row.key })}>
          <bdi class="space">
            {row.context === undefined ? row.namespace : `${row.context}/${row.namespace}`}/
          </bdi>
          <bdi class="name">{row.name}</bdi>
        </a>
      </td>
      <td role="cell" class="phase">
        <span class={row.phase === 'Ready' ? undefined : row.verdict}>{row.phase}</span>{' '}
        <Time time={row.since} form="Span" />
      </td>
      <td role="cell" class="version">
        <Version row={row} />
      </td>
      <td role="cell" class="up">
        <Available row={row} />
      </td>
      <td role="cell" class="days">
        {backups === undefined ? (
          <span class="faint">{row.wantsBackups ? 'not readable' : 'no backups wanted'}</span>
        ) : (
          <Strip strip={backups} />
        )}
      </td>
      <td role="cell" class="point">
        {recoveryPoint === undefined ? (
          <span class="faint">{row.wantsBackups ? 'none' : '–'}</span>
        ) : (
          <Time time={recoveryPoint.time} form="Span" lateAfterSeconds={recoveryPoint.objectiveSeconds} />
        )}
      </td>
      <td role="cell" class={row.verdict === 'Good' ? 'message faint' : 'message'}>
        {operation !== undefined && <Progress operation={operation} />}
        <bdi title={row.message}>{row.message}</bdi>
      </td>
    </>
  );
}

export function Version({ row }: { readonly row: StackRow }) {
  const { version, wantedVersion } = row;
  if (version === wantedVersion) return <bdi>{version}</bdi>;
  return (
    <>
      {version !== undefined && <bdi>{version}</bdi>}
      <span class="to" role="img" aria-label="becomes">
        {' → '}
      </span>
      <bdi>{wantedVersion}</bdi>
    </>
  );
}

/** Whether it serves callers, in words for who cannot see the sign. */
export function Available({ row }: { readonly row: StackRow }) {
  const { available, componentsReady = '' } = row;
  // That a stopped stack does not serve is no trouble.
  const no = row.verdict === 'Bad' ? 'Bad' : 'Neutral';
  const [word, kind] =
    available === undefined ? ['unknown', 'Unknown'] : available ? ['yes', 'Good'] : ['no', no];
  return (
    <span class={`available ${kind}`}>
      {word} <span class="count">{componentsReady}</span>
    </span>
  );
}
