/**
 * Update windows of many stacks, asked for again and again. What a window is does not change within a minute, and a closed one
 * stays closed until the next opens; so most answers are known, also for stacks that have the same windows.
 */
import type { UpdateWindow } from '../../crds/index.ts';
import { windowState, type WindowState } from './update-windows.ts';

const minute = 60_000;
/** Of windows that differ; more than a fleet has. */
const mostKnown = 10_000;

export class KnownWindows {
  readonly #known = new Map<string, { readonly state: WindowState; readonly untilTime: number }>();

  /** As `windowState`. */
  state(windows: readonly UpdateWindow[] | undefined, now: Date): WindowState {
    if (windows === undefined || windows.length === 0) return { kind: 'Open' };
    const id = JSON.stringify(windows);
    const known = this.#known.get(id);
    if (known !== undefined && now.getTime() < known.untilTime) return known.state;
    if (this.#known.size >= mostKnown) this.#known.clear();
    const state = windowState(windows, now);
    const untilTime =
      state.kind === 'Closed' ? state.next.getTime() : (Math.floor(now.getTime() / minute) + 1) * minute;
    this.#known.set(id, { state, untilTime });
    return state;
  }
}
