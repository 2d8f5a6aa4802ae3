/** Who may be updated when: the windows of many stacks as one calendar. Pure. */
import { windowsAhead } from '../../controllers/times/update-windows.ts';
import type { JtelStack } from '../../crds/index.ts';

export interface Calendar {
  /** Earliest first. */
  readonly windows: readonly CalendarWindow[];
  /** Stacks without windows: an update of them may begin at any time. */
  readonly anyTime: readonly CalendarStack[];
  /** Stacks with windows of which none opens within the time asked for. */
  readonly later: readonly CalendarStack[];
  /** Stacks whose windows cannot be computed, each with the time zone that nobody knows. */
  readonly invalid: readonly (CalendarStack & { readonly timeZone: string })[];
}

export interface CalendarWindow {
  readonly opens: Date;
  readonly closes: Date;
  readonly stacks: readonly CalendarStack[];
}

export interface CalendarStack {
  readonly namespace: string;
  readonly name: string;
  /** The version that waits for a window. */
  readonly waitingFor?: string;
}

/** @param days from now on */
export function calendarOf(stacks: readonly JtelStack[], now: Date, days: number): Calendar {
  const windows = new Map<string, { opens: Date; closes: Date; stacks: CalendarStack[] }>();
  const anyTime: CalendarStack[] = [];
  const later: CalendarStack[] = [];
  const invalid: (CalendarStack & { timeZone: string })[] = [];
  for (const stack of stacks.toSorted(byName)) {
    const told = calendarStack(stack);
    const set = stack.spec.update.windows ?? [];
    if (set.length === 0) {
      anyTime.push(told);
      continue;
    }
    const ahead = windowsAhead(set, now, days);
    if ('invalid' in ahead) {
      invalid.push({ ...told, timeZone: ahead.invalid });
      continue;
    }
    if (ahead.length === 0) later.push(told);
    for (const { opens, closes } of ahead) {
      const id = `${opens.getTime()} ${closes.getTime()}`;
      const window = windows.get(id) ?? { opens, closes, stacks: [] };
      windows.set(id, window);
      window.stacks.push(told);
    }
  }
  const inOrder = [...windows.values()].toSorted(
    (a, b) => a.opens.getTime() - b.opens.getTime() || a.closes.getTime() - b.closes.getTime(),
  );
  return { windows: inOrder, anyTime, later, invalid };
}

function calendarStack({ metadata, status }: JtelStack): CalendarStack {
  const { namespace = '', name } = metadata;
  const waits = (status?.conditions ?? []).some(({ reason }) => reason === 'WaitingForWindow');
  return waits && status?.targetVersion !== undefined
    ? { namespace, name, waitingFor: status.targetVersion }
    : { namespace, name };
}

function byName(a: JtelStack, b: JtelStack): number {
  return `${a.metadata.namespace}/${a.metadata.name}` < `${b.metadata.namespace}/${b.metadata.name}` ? -1 : 1;
}
