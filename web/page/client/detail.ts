/** Everything about the stack that is looked at, read again whenever its row changes. */
import { effect, signal } from '@preact/signals';
import type { Plan, StackDetail } from '../../protocol.ts';
import { load } from './connection.ts';
import { connection, route, stacks } from './state.ts';

export interface Looked {
  readonly key: string;
  /** The last that was read. */
  readonly detail?: StackDetail;
  /** Why it could not be read now; a sentence. */
  readonly failure?: string;
}

export type PlanState =
  | { readonly state: 'None' | 'Asked' }
  | { readonly state: 'There'; readonly plan: Plan }
  | { readonly state: 'Failed'; readonly message: string };

export const looked = signal<Looked | undefined>(undefined);
export const plan = signal<PlanState>({ state: 'None' });
/** Events and times of others change without the row. */
const refreshSeconds = 30;

let isReading = false;
let isDue = false;

/** Follows the address. */
export function followStack(): void {
  effect(() => {
    const { value } = route;
    const key = value.view === 'Stack' ? value.key : undefined;
    if (looked.peek()?.key !== key) {
      looked.value = key === undefined ? undefined : { key };
      plan.value = { state: 'None' };
    }
    if (key === undefined) return;
    // Depends on the row and on the connection.
    stacks.value.get(key);
    if (connection.value.state === 'Live') void read();
  });
  setInterval(() => {
    if (looked.peek() !== undefined && connection.peek().state === 'Live' && !document.hidden) void read();
  }, refreshSeconds * 1000);
}

export async function askPlan(): Promise<void> {
  const key = looked.peek()?.key;
  if (key === undefined) return;
  plan.value = { state: 'Asked' };
  const answer = await load<Plan>(address(key, 'plan'));
  if (looked.peek()?.key !== key) return;
  plan.value =
    'data' in answer
      ? { state: 'There', plan: answer.data }
      : { state: 'Failed', message: answer.failure.message };
}

/** One at a time; what changes meanwhile is read afterwards. */
async function read(): Promise<void> {
  isDue = true;
  if (isReading) return;
  isReading = true;
  try {
    while (isDue) {
      isDue = false;
      const key = looked.peek()?.key;
      if (key === undefined) return;
      const answer = await load<StackDetail>(address(key, 'detail'));
      const current = looked.peek();
      if (current?.key !== key) {
        isDue = true;
        continue;
      }
      looked.value =
        'data' in answer ? { key, detail: answer.data } : { ...current, failure: answer.failure.message };
    }
  } finally {
    isReading = false;
  }
}

/** A context may have slashes in its name; namespaces and names have none. */
function address(key: string, what: 'detail' | 'plan'): string {
  const parts = key.split('/');
  const [namespace = '', name = ''] = parts.slice(-2);
  const context = parts.slice(0, -2).join('/');
  const query = context === '' ? '' : `?context=${encodeURIComponent(context)}`;
  return `./api/stacks/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}/${what}${query}`;
}
