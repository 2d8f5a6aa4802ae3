/**
 * A page outlives the program that served it: after an upgrade the server has another page, and may know addresses that this
 * one does not use. The page then begins anew, once; what is shown stays, because it is in the address.
 */
import { effect, signal } from '@preact/signals';
import { about } from './state.ts';

const place = 'jtel.begun-anew-for';

/** Beginning anew brought this page again. People are told. */
export const isOutdated = signal(false);

/** @param own name of this script, as the server has it */
export function followServer(own: string): void {
  effect(() => {
    const wanted = about.value?.page;
    if (wanted === undefined) return;
    const isOther = wanted !== own;
    if (isOther && beginsAnewFor(wanted)) location.reload();
    else isOutdated.value = isOther;
  });
}

/** Once only: while replicas are replaced, one may serve the old page and another the data. */
function beginsAnewFor(page: string): boolean {
  try {
    if (sessionStorage.getItem(place) === page) return false;
    sessionStorage.setItem(place, page);
    return true;
  } catch {
    // A browser that stores nothing would do it again and again.
    return false;
  }
}
