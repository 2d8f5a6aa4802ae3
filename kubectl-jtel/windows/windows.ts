/** `kubectl jtel windows`: one list of the stacks, and the calendar of their windows. */
import { stackKind } from '../../crds/index.ts';
import { calendarOf } from './calendar.ts';
import { UsageError } from '../../command-line/terminal.ts';
import { getStack, type Kit } from '../kit.ts';
import type { OutputOptions } from '../options.ts';
import { printObject } from '../output.ts';
import { calendarView } from './view.ts';

export interface WindowsOptions extends OutputOptions {
  readonly allNamespaces?: boolean;
  readonly days: number;
  readonly timeZone?: string;
}

const mostDays = 366;

export async function windows(kit: Kit, name: string | undefined, options: WindowsOptions): Promise<void> {
  const { allNamespaces = false, days, output } = options;
  if (name !== undefined && allNamespaces)
    throw new UsageError('a STACK is in one namespace: leave out -A, or the name');
  if (days < 1 || days > mostDays) throw new UsageError(`--days must be from 1 to ${mostDays}`);
  const timeZone = knownTimeZone(options.timeZone);
  const stacks =
    name === undefined
      ? await kit.cluster.list(stackKind, allNamespaces ? {} : { namespace: kit.namespace }, kit.call)
      : [await getStack(kit, name)];
  const calendar = calendarOf(stacks, kit.surroundings.now(), days);
  if (output === 'json' || output === 'yaml') return await printObject(kit, calendar, output);
  if (stacks.length === 0)
    return kit.surroundings.note(
      allNamespaces
        ? 'there are no stacks'
        : `there are no stacks in namespace ${kit.namespace} (-A looks in all)`,
    );
  kit.print(
    calendarView(calendar, { days, timeZone, names: output === 'wide' ? 'All' : 'Some' }, kit.view()),
  );
}

function knownTimeZone(name: string | undefined): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(
      `--time-zone ${JSON.stringify(name)} is not known: use a name such as Europe/Berlin`,
    );
  }
}
