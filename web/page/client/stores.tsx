/** All backup stores. */
import type { StoreKey, StoreRow } from '../../protocol.ts';
import { formatBytes } from '../../../base/bytes.ts';
import { SearchBox } from './facets.tsx';
import { Mark, Time } from './parts.tsx';
import { stacksOf, type Route } from './route.ts';
import { filteredStores } from './select.ts';
import { go, isNarrow, isWhole, stores } from './state.ts';
import { WindowedTable, type Column } from './table.tsx';

const columns: readonly Column[] = [
  { name: 'judged', title: 'State' },
  { name: 'stack', title: 'Store' },
  { name: 'tier', title: 'Tier' },
  { name: 'reach', title: 'Reachable' },
  { name: 'guard', title: 'Immutable' },
  { name: 'keys', title: 'Trusts key' },
  { name: 'number', title: 'Backups' },
  { name: 'point', title: 'Last backup' },
  { name: 'bytes', title: 'Size' },
  { name: 'where', title: 'Account and container' },
  { name: 'message', title: 'What is going on' },
];

export function Stores({ route }: { readonly route: Route & { readonly view: 'Stores' } }) {
  const rows = filteredStores(stores.value.values(), route.text);
  return (
    <main class="list">
      <h1 class="unseen">Stores</h1>
      <div class="facets">
        <SearchBox
          label="Filter stores"
          text={route.text}
          change={(text) => go({ ...route, text }, 'Replace')}
        />
        <span class="found" role="status">
          {route.text === '' ? `${rows.length} stores` : `${rows.length} of ${stores.value.size}`}
        </span>
      </div>
      {rows.length === 0 ? (
        <p class="nothing">{isWhole.value ? 'No store.' : 'Reading stores …'}</p>
      ) : (
        <WindowedTable
          label="Stores"
          kind="stores"
          columns={columns}
          rows={rows}
          rowHeight={isNarrow.value ? 86 : 32}
          cells={cells}
        />
      )}
    </main>
  );
}

function cells(row: StoreRow) {
  const space = row.context === undefined ? row.namespace : `${row.context}/${row.namespace}`;
  return (
    <>
      <td role="cell" class="judged">
        <Mark verdict={row.verdict} />
      </td>
      <td role="cell" class="stack">
        <a href={stacksOf(row.namespace)} aria-label={`${space}/${row.name}, stacks of its namespace`}>
          <bdi class="space">{space}/</bdi>
          <bdi class="name">{row.name}</bdi>
        </a>
      </td>
      <td role="cell" class="tier">
        {row.tier} <span class="faint">{row.accessMode === 'ReadOnly' ? 'read only' : ''}</span>
      </td>
      <td role="cell" class="reach">
        <Fact is={row.reachable} />
      </td>
      <td role="cell" class="guard">
        <Fact is={row.immutable} />
      </td>
      <td role="cell" class="keys">
        {row.keys !== undefined && <Keys keys={row.keys} />}
      </td>
      <td role="cell" class="number">
        {row.backups}
      </td>
      <td role="cell" class="point">
        <Time time={row.lastBackupTime} form="Span" />
      </td>
      <td role="cell" class="bytes">
        {row.bytes === undefined ? '' : formatBytes(row.bytes)}
      </td>
      <td role="cell" class="where">
        <bdi title={row.place}>{row.place}</bdi>
      </td>
      <td role="cell" class={row.verdict === 'Good' ? 'message faint' : 'message'}>
        <bdi title={row.message}>{row.message}</bdi>
      </td>
    </>
  );
}

const uses: Readonly<Record<StoreKey['use'], string>> = {
  InUse: 'in use',
  Earlier: 'earlier',
  Added: 'spec.trustedKeys',
};

/** The newest that counts, and how many others do; all of them on hover. */
function Keys({ keys }: { readonly keys: readonly StoreKey[] }) {
  const trusted = keys.filter(({ isRevoked }) => !isRevoked);
  const shown = trusted.find(({ use }) => use === 'InUse') ?? trusted.at(-1);
  const all = keys.map(
    ({ keyID, use, isRevoked }) => `${keyID}, ${uses[use]}${isRevoked ? ', revoked' : ''}`,
  );
  return (
    <bdi title={all.join('\n')} class={shown === undefined ? 'faint' : undefined}>
      {shown === undefined ? 'none' : shown.keyID.slice(0, 8)}
      {trusted.length > 1 && ` +${trusted.length - 1}`}
    </bdi>
  );
}

function Fact({ is }: { readonly is: boolean | undefined }) {
  const [word, kind] = is === undefined ? ['unknown', 'Neutral'] : is ? ['yes', 'Good'] : ['no', 'Bad'];
  return <span class={`available ${kind}`}>{word}</span>;
}
