/** What keys do. Everything can be reached by Tab as well. */
import { fleetAddress, storesAddress } from './frame.tsx';
import { isHelpOpen } from './parts.tsx';
import { noFilter } from './route.ts';
import { filteredStores, isFiltered } from './select.ts';
import { go, route, selected, shown, stores, timesAre } from './state.ts';
import { focusRow } from './table.tsx';
import { nextTheme } from './theme.ts';

const actions: Readonly<Record<string, () => void>> = {
  j: () => step(1),
  k: () => step(-1),
  '/': () => focusSearch(),
  '?': () => (isHelpOpen.value = true),
  g: () => (location.hash = fleetAddress),
  s: () => (location.hash = storesAddress),
  t: () => (timesAre.value = timesAre.value === 'Relative' ? 'Exact' : 'Relative'),
  d: nextTheme,
  Escape: back,
};

export function listenToKeys(): void {
  addEventListener('keydown', (event) => {
    // The element itself knows: the event that tells the signal comes after the dialog has closed.
    const isInDialog = document.querySelector('dialog[open]') !== null;
    if (event.ctrlKey || event.metaKey || event.altKey || isInDialog) return;
    const { target } = event;
    const isTyping = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
    if (isTyping) {
      if (target.id !== 'search') return;
      if (event.key === 'Escape' && target.value === '') target.blur();
      else if (event.key !== 'Enter' && event.key !== 'ArrowDown' && event.key !== 'Escape') return;
    }
    const key = isTyping && event.key !== 'Escape' ? 'j' : event.key;
    const isInRow = target instanceof HTMLElement && target.closest('tbody tr') !== null;
    const arrow = isInRow ? { ArrowDown: 'j', ArrowUp: 'k' }[key] : undefined;
    const action = actions[arrow ?? key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
}

function keys(): readonly string[] {
  const { value } = route;
  if (value.view === 'Stacks') return shown.value.map(({ key }) => key);
  return value.view === 'Stores'
    ? filteredStores(stores.value.values(), value.text).map(({ key }) => key)
    : [];
}

function step(by: 1 | -1): void {
  const all = keys();
  const at = selected.value === undefined ? -1 : all.indexOf(selected.value);
  const next = all[at < 0 ? 0 : Math.max(0, Math.min(all.length - 1, at + by))];
  if (next !== undefined) focusRow(next);
}

function focusSearch(): void {
  const search = document.querySelector<HTMLInputElement>('#search');
  if (search !== null) {
    search.focus();
    search.select();
  } else location.hash = fleetAddress;
}

/** Out of a stack to the list, at the row that it came from; in a list, without a filter. */
function back(): void {
  const { value } = route;
  switch (value.view) {
    case 'Stack':
      focusRow(value.key);
      if (history.length > 1 && document.referrer === '' && cameFromList) history.back();
      else location.hash = fleetAddress;
      break;
    case 'Stacks':
      if (isFiltered(value.filter)) go({ ...value, filter: noFilter });
      break;
    case 'Stores':
      go({ ...value, text: '' }, 'Replace');
      break;
  }
}

/** Whether the browser's way back leads to the list. */
let cameFromList = false;
addEventListener('hashchange', ({ oldURL }) => {
  cameFromList = !/#\/stacks\/./.test(oldURL) && route.value.view === 'Stack';
});
