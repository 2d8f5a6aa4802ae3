/** Which stacks are shown, and in which order. Pure, and quick for ten thousand. */
import type { StackRow, StoreRow } from '../../protocol.ts';
import { noFilter, type FacetKey, type Filter, type Sort, type SortKey } from './route.ts';

const compare: Readonly<Record<SortKey, (a: StackRow, b: StackRow) => number>> = {
  urgency: (a, b) => a.urgency - b.urgency,
  name: (a, b) => order(a.name, b.name),
  phase: (a, b) => order(a.phase, b.phase),
  version: (a, b) => order(versionKey(a), versionKey(b)),
  up: (a, b) => shareReady(a) - shareReady(b),
  backup: (a, b) => order(a.recoveryPoint?.time ?? '', b.recoveryPoint?.time ?? ''),
};

export function sorted(rows: Iterable<StackRow>, { key, isDescending }: Sort): StackRow[] {
  const by = compare[key];
  const sign = isDescending ? -1 : 1;
  return [...rows].toSorted((a, b) => sign * by(a, b) || order(a.key, b.key));
}

export function filtered(rows: readonly StackRow[], filter: Filter): readonly StackRow[] {
  const words = wordsOf(filter.text);
  const facets = (Object.entries(filter.facets) as [FacetKey, string][]).filter(([, value]) => value !== '');
  if (words.length === 0 && facets.length === 0) return rows;
  return rows.filter(
    (row) =>
      facets.every(([facet, value]) => valuesOf(row, facet).includes(value)) &&
      words.every((word) => haystackOf(row).includes(word)),
  );
}

export function filteredStores(rows: Iterable<StoreRow>, text: string): StoreRow[] {
  const words = wordsOf(text);
  const rank = { Bad: 0, Unknown: 1, Busy: 2, Good: 3, Neutral: 4 } as const;
  return [...rows]
    .filter((row) => {
      const haystack = `${row.key} ${row.place} ${row.tier} ${row.message}`.toLowerCase();
      return words.every((word) => haystack.includes(word));
    })
    .toSorted((a, b) => rank[a.verdict] - rank[b.verdict] || order(a.key, b.key));
}

/** Values of a facet among stacks, with how many have each; the values in order. */
export function facetCounts(rows: Iterable<StackRow>, facet: FacetKey): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows)
    for (const value of valuesOf(row, facet)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return new Map([...counts].toSorted(([a], [b]) => order(a, b)));
}

export function isFiltered(filter: Filter): boolean {
  return filter.text.trim() !== '' || Object.values(filter.facets).some((value) => value !== '');
}

/** The same filter with another value of one facet; choosing it again takes it away. */
export function toggled(filter: Filter, facet: FacetKey, value: string): Filter {
  const next = filter.facets[facet] === value ? noFilter.facets[facet] : value;
  return { ...filter, facets: { ...filter.facets, [facet]: next } };
}

function valuesOf(row: StackRow, facet: FacetKey): readonly string[] {
  switch (facet) {
    case 'verdict':
      return [row.verdict];
    case 'phase':
      return [row.phase];
    case 'version':
      return [row.version ?? row.wantedVersion];
    case 'namespace':
      return [row.namespace];
    case 'label':
      return Object.entries(row.labels).map(([name, value]) => `${name}=${value}`);
  }
}

const haystacks = new WeakMap<StackRow, string>();

function haystackOf(row: StackRow): string {
  const made = haystacks.get(row);
  if (made !== undefined) return made;
  const haystack = [
    row.key,
    row.phase,
    row.version ?? '',
    row.wantedVersion,
    row.host,
    row.size,
    row.reason ?? '',
    row.operation?.type ?? '',
    row.message,
    ...valuesOf(row, 'label'),
  ]
    .join('\n')
    .toLowerCase();
  haystacks.set(row, haystack);
  return haystack;
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

/** `3.43.2` sorts after `3.9.0`. */
function versionKey(row: StackRow): string {
  return (row.version ?? row.wantedVersion)
    .split(/[.-]/)
    .map((part) => part.padStart(6, '0'))
    .join('.');
}

function shareReady({ componentsReady = '', available }: StackRow): number {
  const [ready = 0, wanted = 0] = componentsReady.split('/').map(Number);
  return (available === true ? 1 : 0) + (wanted === 0 ? 0 : ready / wanted);
}

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
