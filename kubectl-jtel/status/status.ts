/** `kubectl jtel status` shows one stack on a screen, or all of them as a table. */
import { stackKind, type JtelStack } from '../../crds/index.ts';
import { follow, named } from '../follow.ts';
import { getStack, requireName, type Kit } from '../kit.ts';
import type { OutputOptions } from '../options.ts';
import { listOf, printObject } from '../output.ts';
import { CommandError, UsageError } from '../../command-line/terminal.ts';
import { printableInOurColours } from '../view/paint.ts';
import { fleetView, type FleetOptions } from './view-fleet.ts';
import { stackView } from './view-stack.ts';

export interface StatusOptions extends OutputOptions {
  readonly watch?: boolean;
  readonly allNamespaces?: boolean;
}

export async function status(kit: Kit, name: string | undefined, options: StatusOptions): Promise<void> {
  if (name !== undefined && options.allNamespaces === true)
    throw new UsageError('a STACK is in one namespace: leave out -A, or the name');
  if (options.watch === true && (options.output === 'json' || options.output === 'yaml'))
    throw new UsageError('-w is for people: use `kubectl get jtelstacks -w -o json`');
  if (options.watch === true) return await watch(kit, name, options);
  if (name !== undefined) {
    const stack = await getStack(kit, name);
    if (options.output === 'json' || options.output === 'yaml')
      return await printObject(kit, stack, options.output);
    return kit.print(show(kit, [stack], name, options));
  }
  const stacks = await kit.cluster.list(
    stackKind,
    options.allNamespaces === true ? {} : { namespace: kit.namespace },
    kit.call,
  );
  if (options.output === 'json' || options.output === 'yaml')
    return await printObject(kit, listOf(stacks), options.output);
  if (stacks.length === 0)
    return kit.surroundings.note(
      options.allNamespaces === true
        ? 'there are no stacks'
        : `there are no stacks in namespace ${kit.namespace} (-A looks in all)`,
    );
  kit.print(show(kit, stacks, name, options));
}

function show(
  kit: Kit,
  stacks: readonly JtelStack[],
  name: string | undefined,
  options: StatusOptions,
): string[] {
  const [first] = stacks;
  if (name !== undefined)
    return first === undefined
      ? []
      : stackView(first, { conditions: options.output === 'wide' ? 'Explained' : 'Usual' }, kit.view());
  const fleet: FleetOptions = {
    scope: options.allNamespaces === true ? 'AllNamespaces' : 'Namespace',
    columns: options.output === 'wide' ? 'Wide' : 'Usual',
  };
  return fleetView(stacks, fleet, kit.view());
}

async function watch(kit: Kit, name: string | undefined, options: StatusOptions): Promise<void> {
  if (name !== undefined) requireName(name, 'STACK');
  const { screen } = kit.surroundings;
  let shown = '';
  let seen = false;
  const watching = follow<JtelStack, never>(
    kit,
    stackKind,
    options.allNamespaces === true ? 'All' : kit.namespace,
    ({ objects, trouble }) => {
      const one = name === undefined ? undefined : named(objects, { namespace: kit.namespace, name });
      if (name !== undefined && one === undefined && !seen)
        throw new CommandError(`there is no JtelStack ${name} in namespace ${kit.namespace}`);
      seen = true;
      const stacks = name === undefined ? objects : one === undefined ? [] : [one];
      if (screen === undefined) {
        const text = show(
          { ...kit, view: () => ({ ...kit.view(), now: new Date(0) }) },
          stacks,
          name,
          options,
        ).join('\n');
        // In a pipe, a change of age alone is not news.
        if (text !== shown) kit.print([...show(kit, stacks, name, options), '']);
        shown = text;
        return undefined;
      }
      const lines = [
        ...show(kit, stacks, name, options),
        ...(one === undefined && name !== undefined ? [`${name} is gone`] : []),
      ];
      const foot = trouble === undefined ? 'Ctrl-C ends' : `not up to date: ${trouble}`;
      draw(kit, [
        ...lines.slice(0, screen.size().rows - 2),
        '',
        kit.paint(trouble === undefined ? 'dim' : 'yellow', foot),
      ]);
      return undefined;
    },
  );
  // Ctrl-C is the normal end of watching.
  await watching.catch((error: unknown) => {
    if (screen !== undefined) kit.surroundings.stdout.write('\n');
    if (!kit.surroundings.signal.aborted) throw error;
  });
}

const cursorHome = '\u001b[H';
const eraseLine = '\u001b[K';
const eraseBelow = '\u001b[J';

/** Draws over the previous screen, without a flicker. */
function draw({ surroundings }: Kit, lines: readonly string[]): void {
  surroundings.stdout.write(
    `${cursorHome}${lines.map((line) => `${printableInOurColours(line)}${eraseLine}`).join('\n')}${eraseBelow}`,
  );
}
