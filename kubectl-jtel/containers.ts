/**
 * Finds the containers of a component on the stack's host, over SSH with the pinned keys and the person's own
 * rights.
 */
import type { JtelStack } from '../crds/index.ts';
import { readHostTarget } from '../controllers/hosts/host-target.ts';
import { projectName } from '../controllers/hosts/project.ts';
import { openConsole } from '../host-driver/console/open.ts';
import type { HostConsole } from '../host-driver/console.ts';
import type { ObservedContainer } from '../host-driver/host.ts';
import { CommandError } from '../command-line/terminal.ts';
import type { Kit } from './kit.ts';

/** Calls `work` with the console of a stack's host, and ends the connection afterwards. */
export async function onHost<T>(
  kit: Kit,
  stack: JtelStack,
  work: (console: HostConsole, project: string) => Promise<T>,
): Promise<T> {
  const target = await readHostTarget(kit.cluster, stack, kit.call);
  const host = await openConsole(target, kit.call.signal);
  try {
    return await work(host, projectName(stack.metadata.namespace, stack.metadata.name));
  } finally {
    await host.close();
  }
}

/**
 * Containers of a component: `acd-web` means acd-web-1, acd-web-2 …; `acd-web-2` means only that one.
 * @throws CommandError that names the existing components.
 */
export function containersOf(
  all: readonly ObservedContainer[],
  component: string | undefined,
  stack: JtelStack,
): readonly ObservedContainer[] {
  const sorted = all.toSorted((a, b) => (a.service < b.service ? -1 : 1));
  const exact = sorted.filter(({ service }) => component === undefined || service === component);
  const found =
    exact.length > 0
      ? exact
      : sorted.filter(
          ({ service }) =>
            component !== undefined &&
            service.startsWith(`${component}-`) &&
            /^\d+$/.test(service.slice(component.length + 1)),
        );
  if (found.length > 0) return found;
  const there =
    sorted.length === 0
      ? 'it has no containers'
      : `it has ${sorted.map(({ service }) => service).join(', ')}`;
  throw new CommandError(
    `stack ${stack.metadata.name} has no component ${component ?? ''} on ${stack.spec.host.address}: ${there}`,
  );
}
