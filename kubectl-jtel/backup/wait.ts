/** Waits for a JtelBackup or JtelRestore and shows its progress. Ctrl-C stops the waiting, not the work. */
import type { JtelBackup, JtelRestore, ResourceKind } from '../../crds/index.ts';
import { ExitCode } from '../../command-line/command-line.ts';
import { CommandError } from '../../command-line/terminal.ts';
import { follow, named } from '../follow.ts';
import type { Kit } from '../kit.ts';
import { ProgressLine } from '../progress-line.ts';
import { requestProgress } from './view-request.ts';

type Request = JtelBackup | JtelRestore;

/** @returns the object, Completed or Failed. @throws ExitCode if the person stops waiting. */
export async function waitForRequest<T extends Request>(
  kit: Kit,
  kind: ResourceKind<T>,
  name: string,
): Promise<T> {
  const progress = new ProgressLine(kit);
  const key = { namespace: kit.namespace, name };
  let seen = false;
  try {
    return await follow<T, T>(kit, kind, kit.namespace, ({ objects, trouble }) => {
      const object = named(objects, key);
      if (object === undefined) {
        if (seen) throw new CommandError(`${kind.kind} ${name} was deleted`);
        return undefined;
      }
      seen = true;
      const { phase } = object.status ?? {};
      if (phase === 'Completed' || phase === 'Failed') return object;
      progress.show(
        trouble === undefined
          ? requestProgress(object, kit.surroundings.now())
          : { text: `not up to date: ${trouble}` },
      );
      return undefined;
    });
  } catch (error) {
    progress.end();
    if (!kit.call.signal.aborted) throw error;
    kit.surroundings.note(
      `${kind.kind} ${name} continues without you. To follow it: kubectl get ${kind.plural} ${name} -n ${kit.namespace} -w`,
    );
    throw new ExitCode(1);
  } finally {
    progress.end();
  }
}
