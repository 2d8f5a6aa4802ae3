/** Observes a host: puts together the answers of its script and of Docker. */
import { observeDocker } from './docker/observe.ts';
import { silentDocker } from './docker/silent.ts';
import { HostError } from './host.ts';
import type { HostObservation } from './host.ts';
import { parseObservation, question } from './script/observe.ts';
import type { LastingFacts, ScriptObservation } from './script/observe.ts';
import { foreignVolumes, requireUsable } from './state.ts';
import type { Session } from './session.ts';
import { optional } from '../base/optional.ts';

/** @throws HostError */
export async function observeHost(
  session: Session,
  project: string,
  depth: 'quick' | 'full',
  signal: AbortSignal,
): Promise<HostObservation> {
  const [script, docker] = await Promise.all([
    observeScript(session, project, depth, signal),
    observeDocker(session.docker, project, depth, signal),
  ]);
  const {
    lasting,
    hasNoDisk,
    machineID,
    diskTotalBytes,
    diskFreeBytes,
    imageDisk,
    state,
    releases,
    currentRelease,
    changed,
    contents,
  } = script;
  if (hasNoDisk) throw await silentDocker(session.connection, 'docker info');
  requireUsable(session.connection.host, project, script.unusable ?? foreignVolumes(project, state));
  const { version, bridges, ...seen } = docker;
  const { noise } = session.connection;
  return {
    facts: {
      machineID,
      hostKey: session.connection.hostKey,
      ...lasting,
      diskTotalBytes,
      diskFreeBytes,
      ...optional({ imageDisk }),
      ...(version === undefined ? {} : { dockerVersion: version.engine, apiVersion: version.api }),
      ...optional({ bridges, loginNoise: noise }),
    },
    ...optional({ state }),
    ...seen,
    releases,
    ...optional({ currentRelease }),
    // The script's first look on a connection is always a full one.
    ...(depth === 'quick' || changed === undefined ? {} : { changed }),
    ...(depth === 'quick' || contents === undefined || version === undefined ? {} : { contents }),
  };
}

/** Without Docker. @throws HostError */
export async function observeScript(
  session: Session,
  project: string,
  depth: 'quick' | 'full',
  signal: AbortSignal,
): Promise<ScriptObservation & { readonly lasting: LastingFacts }> {
  const { connection } = session;
  const needed = session.facts === undefined ? 'full' : depth;
  const start = Date.now();
  const answer = await session.observer.ask(question(needed, project), signal);
  const seen = parseObservation(answer, (start + Date.now()) / 2000);
  const lasting = seen.lasting ?? session.facts;
  if (lasting === undefined)
    throw new HostError(
      'HostUnreachable',
      connection.host,
      `${connection.host} gave no facts: is its login shell a POSIX shell?`,
    );
  // Facts without the disk's are asked for again.
  if (!seen.hasNoDisk) session.facts = lasting;
  return { ...seen, lasting };
}
