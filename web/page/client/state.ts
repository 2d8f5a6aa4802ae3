/** What the page knows and shows. Views read these signals; nothing else remembers anything. */
import { computed, signal } from '@preact/signals';
import type { About, SignIn, StackRow, StoreRow } from '../../protocol.ts';
import { formatRoute, parseRoute, type Route } from './route.ts';
import { filtered, sorted } from './select.ts';

export type Connection =
  | { readonly state: 'Connecting' }
  | { readonly state: 'Live' }
  /** It comes back by itself. What is shown is as old as that. */
  | { readonly state: 'Lost'; readonly since: number }
  | { readonly state: 'SignIn'; readonly signIn: SignIn }
  | { readonly state: 'Stopped'; readonly message: string };

export const connection = signal<Connection>({ state: 'Connecting' });
export const about = signal<About | undefined>(undefined);
/** Whether all parts of the first snapshot are there. */
export const isWhole = signal(false);
export const stacks = signal<ReadonlyMap<string, StackRow>>(new Map());
export const stores = signal<ReadonlyMap<string, StoreRow>>(new Map());

/** Milliseconds since 1970, moved on every few seconds. */
export const now = signal(Date.now());
export const route = signal<Route>(parseRoute(location.hash));
/** Key of the row that the keyboard is at. */
export const selected = signal<string | undefined>(undefined);
export const timesAre = signal<'Relative' | 'Exact'>('Relative');
/** What a screen reader says next. */
export const announcement = signal('');

const narrow = matchMedia('(max-width: 760px)');
export const isNarrow = signal(narrow.matches);
narrow.addEventListener('change', () => (isNarrow.value = narrow.matches));

const listRoute = computed(() => (route.value.view === 'Stacks' ? route.value : undefined));
const inOrder = computed(() =>
  listRoute.value === undefined ? [] : sorted(stacks.value.values(), listRoute.value.sort),
);
/** The stacks of the list, filtered and in order. */
export const shown = computed(() =>
  listRoute.value === undefined ? [] : filtered(inOrder.value, listRoute.value.filter),
);

/** Whether anything that is shown may be out of date. */
export const isStale = computed(
  () =>
    (connection.value.state !== 'Live' && connection.value.state !== 'Connecting') ||
    (about.value?.contexts.some(({ trouble }) => trouble !== undefined) ?? false),
);

addEventListener('hashchange', () => (route.value = parseRoute(location.hash)));

/** Shows something else. `Replace` leaves no step for the browser's way back, as while somebody types. */
export function go(to: Route, step: 'Push' | 'Replace' = 'Push'): void {
  const address = formatRoute(to);
  if (step === 'Replace') history.replaceState(undefined, '', address);
  else history.pushState(undefined, '', address);
  route.value = to;
}
