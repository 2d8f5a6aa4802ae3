/** Shows a calendar of update windows: a line for each window, with the stacks that it is for. */
import { sayLocally } from '../../controllers/times/update-windows.ts';
import type { Calendar, CalendarStack, CalendarWindow } from './calendar.ts';
import { table, type Cell } from '../view/table.ts';
import type { ViewContext } from '../view/view.ts';

export interface CalendarOptions {
  readonly days: number;
  readonly timeZone: string;
  /** `Some`: as many names as fit on a line. */
  readonly names: 'Some' | 'All';
}

export function calendarView(
  { windows, anyTime, later, invalid }: Calendar,
  { days, timeZone, names }: CalendarOptions,
  { paint, width, now }: ViewContext,
): string[] {
  const line = (when: string, until: string, stacks: readonly CalendarStack[]): Cell[] => [
    when,
    until,
    String(stacks.length),
    stacks.map(nameOf).join(', '),
  ];
  const rows: Cell[][] = [
    ...windows.map((window): Cell[] => {
      const isOpen = window.opens <= now;
      const [opens, ...others] = line(
        opensAt(window, timeZone, isOpen),
        closesAt(window, timeZone),
        window.stacks,
      );
      return [{ text: String(opens), colour: isOpen ? 'green' : undefined }, ...others];
    }),
    ...(anyTime.length === 0 ? [] : [line('at any time', '', anyTime)]),
    ...(later.length === 0 ? [] : [line(`after ${days} days`, '', later)]),
    ...invalid.map(({ timeZone: unknown, ...stack }) => [
      { text: 'never', colour: 'red' } as const,
      '',
      '1',
      `${nameOf(stack)}: no time zone ${unknown} is known`,
    ]),
  ];
  const columns = [
    { title: 'OPENS' },
    { title: 'UNTIL' },
    { title: 'STACKS', align: 'right' },
    { title: 'WHICH', flexible: 'Shorten' },
  ] as const;
  return [
    `Times in ${timeZone}`,
    '',
    ...table(columns, rows, { paint, width: names === 'All' ? undefined : width }),
  ];
}

function opensAt({ opens }: CalendarWindow, timeZone: string, isOpen: boolean): string {
  return isOpen ? 'open now' : dayAndMinute(opens, timeZone);
}

/** With the day only if it is another. */
function closesAt({ opens, closes }: CalendarWindow, timeZone: string): string {
  const [from, until] = [dayAndMinute(opens, timeZone), dayAndMinute(closes, timeZone)];
  const [day, minute] = [until.slice(0, -5), until.slice(-5)];
  return from.startsWith(day) ? minute : until;
}

/** `Sun 2026-03-29 03:30` */
function dayAndMinute(time: Date, timeZone: string): string {
  return sayLocally(time, timeZone).slice(0, 'Sun 2026-03-29 03:30'.length);
}

function nameOf({ namespace, name, waitingFor }: CalendarStack): string {
  return `${namespace}/${name}${waitingFor === undefined ? '' : ` (waits for it: ${waitingFor})`}`;
}
