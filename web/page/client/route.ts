/** What the page shows, as the part of its address after `#`: links can be kept, sent and gone back to. Pure. */

export const sortKeys = ['urgency', 'name', 'phase', 'version', 'up', 'backup'] as const;
export type SortKey = (typeof sortKeys)[number];

export const facetKeys = ['verdict', 'phase', 'version', 'namespace', 'label'] as const;
export type FacetKey = (typeof facetKeys)[number];

export interface Filter {
  /** Words that must all occur. */
  readonly text: string;
  /** '' for all. */
  readonly facets: Readonly<Record<FacetKey, string>>;
}

export interface Sort {
  readonly key: SortKey;
  readonly isDescending: boolean;
}

export type Route =
  | { readonly view: 'Stacks'; readonly filter: Filter; readonly sort: Sort }
  | { readonly view: 'Stack'; readonly key: string }
  | { readonly view: 'Stores'; readonly text: string };

export const noFilter: Filter = {
  text: '',
  facets: { verdict: '', phase: '', version: '', namespace: '', label: '' },
};
export const byUrgency: Sort = { key: 'urgency', isDescending: false };

/** An address that nobody made is the list of stacks. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = splitOnce(hash.replace(/^#/, ''), '?');
  const parameters = new URLSearchParams(query);
  const [, place, ...rest] = path.split('/');
  if (place === 'stores') return { view: 'Stores', text: parameters.get('text') ?? '' };
  const key = rest.map(decode).join('/');
  if (place === 'stacks' && key !== '') return { view: 'Stack', key };
  const facets = { ...noFilter.facets };
  for (const facet of facetKeys) facets[facet] = parameters.get(facet) ?? '';
  const sort = parameters.get('sort') ?? '';
  const sortKey = sortKeys.find((each) => each === sort.replace(/^-/, ''));
  return {
    view: 'Stacks',
    filter: { text: parameters.get('text') ?? '', facets },
    sort: sortKey === undefined ? byUrgency : { key: sortKey, isDescending: sort.startsWith('-') },
  };
}

export function formatRoute(route: Route): string {
  if (route.view === 'Stack') return `#/stacks/${route.key.split('/').map(encodeURIComponent).join('/')}`;
  const parameters = new URLSearchParams();
  const text = route.view === 'Stores' ? route.text : route.filter.text;
  if (text !== '') parameters.set('text', text);
  if (route.view === 'Stacks') {
    for (const facet of facetKeys) {
      const value = route.filter.facets[facet];
      if (value !== '') parameters.set(facet, value);
    }
    const { key, isDescending } = route.sort;
    if (key !== byUrgency.key || isDescending) parameters.set('sort', `${isDescending ? '-' : ''}${key}`);
  }
  const query = parameters.toString();
  return `#/${route.view.toLowerCase()}${query === '' ? '' : `?${query}`}`;
}

/** Address of the stacks of a namespace. */
export function stacksOf(namespace: string): string {
  const facets = { ...noFilter.facets, namespace };
  return formatRoute({ view: 'Stacks', filter: { ...noFilter, facets }, sort: byUrgency });
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
