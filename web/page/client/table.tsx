/**
 * A table that draws only the rows in sight. It says its whole size to screen readers, and keeps the row that the keyboard is
 * at, so that focus is never lost by scrolling.
 */
import { signal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Sort, SortKey } from './route.ts';
import { selected } from './state.ts';
import { scrolledTo, windowOf } from './window.ts';

export interface Column {
  readonly name: string;
  readonly title: string;
  readonly sortKey?: SortKey;
}

export interface WindowedTableProps<Row> {
  readonly label: string;
  /** Class of the table, for the widths of its columns. */
  readonly kind: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** Pixels; the same for each row. */
  readonly rowHeight: number;
  readonly cells: (row: Row) => ComponentChildren;
  readonly sorting?: { readonly by: Sort; readonly choose: (key: SortKey) => void };
}

/** The row that gets the focus as soon as it is drawn. */
const wanted = signal<string | undefined>(undefined);
/** Where a list was left; it is there again when somebody comes back. */
const places = new Map<string, number>();
const headHeight = 30;

export function focusRow(key: string): void {
  selected.value = key;
  wanted.value = key;
}

export function WindowedTable<Row extends { readonly key: string }>(props: WindowedTableProps<Row>) {
  const { label, kind, columns, rows, rowHeight, cells, sorting } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const top = useSignal(places.get(kind) ?? 0);
  const height = useSignal(innerHeight);
  const { from, to } = windowOf({ top: top.value, height: height.value }, rowHeight, rows.length);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    const measure = (): void => {
      places.set(kind, element.scrollTop);
      // By whole rows: most of scrolling draws nothing.
      top.value = Math.floor(element.scrollTop / rowHeight) * rowHeight;
      height.value = element.clientHeight;
    };
    element.scrollTop = places.get(kind) ?? 0;
    measure();
    element.addEventListener('scroll', measure, { passive: true });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', measure);
      observer.disconnect();
    };
  }, [rowHeight]);

  const at = rows.findIndex(({ key }) => key === selected.value);
  const hasFocus = useRef(false);
  useLayoutEffect(() => {
    const element = scroller.current;
    const key = wanted.peek();
    const isWanted = key !== undefined && key === rows[at]?.key;
    // An element that is moved among others loses the focus.
    const isLost = hasFocus.current && document.activeElement === document.body;
    if (element === null || (!isWanted && !isLost)) return;
    wanted.value = undefined;
    element.querySelector<HTMLElement>('tr.selected a')?.focus({ preventScroll: true });
    const inSight = { top: element.scrollTop, height: element.clientHeight - headHeight };
    if (isWanted) element.scrollTop = scrolledTo(at, inSight, rowHeight);
  });
  const drawn = rows.slice(from, to).map((row, index) => ({ row, index: from + index }));
  const kept = rows[at];
  if (kept !== undefined && at < from) drawn.unshift({ row: kept, index: at });
  if (kept !== undefined && at >= to) drawn.push({ row: kept, index: at });
  return (
    <div class="scroller" ref={scroller}>
      <table
        role="table"
        class={kind}
        aria-label={label}
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length}
      >
        <thead role="rowgroup">
          <tr role="row" aria-rowindex={1}>
            {columns.map((column) => (
              <Heading key={column.name} column={column} {...(sorting === undefined ? {} : { sorting })} />
            ))}
          </tr>
        </thead>
        <tbody
          role="rowgroup"
          onFocusIn={() => (hasFocus.current = true)}
          onFocusOut={({ relatedTarget }) => (hasFocus.current = relatedTarget === null)}
          style={{ height: `${rows.length * rowHeight}px` }}
        >
          {drawn.map(({ row, index }) => (
            <Row
              key={row.key}
              row={row}
              index={index}
              top={index * rowHeight}
              isSelected={index === at}
              cells={cells}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Heading({
  column,
  sorting,
}: {
  readonly column: Column;
  readonly sorting?: WindowedTableProps<never>['sorting'];
}) {
  const { name, title, sortKey } = column;
  if (sorting === undefined || sortKey === undefined)
    return (
      <th role="columnheader" class={name}>
        <span>{title}</span>
      </th>
    );
  const { key, isDescending } = sorting.by;
  const order = key === sortKey ? (isDescending ? 'descending' : 'ascending') : undefined;
  return (
    <th role="columnheader" class={name} {...(order === undefined ? {} : { 'aria-sort': order })}>
      <button type="button" onClick={() => sorting.choose(sortKey)}>
        {title}
        <span aria-hidden="true">{order === undefined ? '' : order === 'ascending' ? ' ↑' : ' ↓'}</span>
      </button>
    </th>
  );
}

interface RowProps<Row> {
  readonly row: Row;
  readonly index: number;
  readonly top: number;
  readonly isSelected: boolean;
  readonly cells: (row: Row) => ComponentChildren;
}

/** Drawn again only if one of its properties is another. */
function Row<R extends { readonly key: string }>({ row, index, top, isSelected, cells }: RowProps<R>) {
  return (
    <tr
      role="row"
      aria-rowindex={index + 2}
      class={isSelected ? 'selected' : undefined}
      style={{ transform: `translateY(${top}px)` }}
      onFocusIn={() => (selected.value = row.key)}
    >
      {cells(row)}
    </tr>
  );
}
