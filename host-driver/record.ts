/** Writes state.json. It is computed here, and replaced on the host only if nobody changed it in between. */
import { HostError } from './host.ts';
import type { AppliedService, Fence, HostState, ObservedContainer } from './host.ts';
import { runStep, staleExit } from './script/run.ts';
import type { Connection } from './ssh/connection.ts';
import { changedState, formatState, readState, requireUsable, stateDigest } from './state.ts';
import type { StateChange } from './state.ts';

/** The state as the host had it. */
export interface SeenState {
  readonly machineID: string;
  readonly stateText: string;
}

/**
 * Two writers of the same owner can meet, for instance when an old process is ending. Then the later one
 * starts again from what the first wrote.
 */
const attempts = 3;

/**
 * @param read reads the state that is on the host now.
 * @returns what was written. @throws HostError OutcomeUnknown when others were faster every time.
 */
export async function putState(
  connection: Connection,
  project: string,
  fence: Fence,
  read: () => Promise<SeenState>,
  change: StateChange,
  signal: AbortSignal,
): Promise<HostState> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const seen = await read();
    const state = changedState(
      readable(connection.host, project, seen.stateText),
      { project, fence, machineID: seen.machineID, time: new Date().toISOString() },
      change,
    );
    const text = formatState(state);
    if (text === seen.stateText) return state;
    const step = {
      verb: 'put-state',
      project,
      fence,
      stdin: text,
      arguments: [stateDigest(seen.stateText)],
      timeoutSeconds: 30,
    } as const;
    if ((await runStep(connection, step, signal)).code !== staleExit) return state;
  }
  throw new HostError(
    'OutcomeUnknown',
    connection.host,
    `state.json of ${project} on ${connection.host} keeps being changed by somebody else: observe again`,
  );
}

/** @throws HostError when something else than a state lies there. */
function readable(host: string, project: string, text: string): HostState | undefined {
  const { state, unusable } = readState(text);
  requireUsable(host, project, unusable);
  return state;
}

/** One entry per service, from its first container, sorted by name. */
export function recordedServices(containers: readonly ObservedContainer[]): AppliedService[] {
  const byService = new Map<string, AppliedService>();
  for (const { service, configHash, imageID } of containers) {
    if (!byService.has(service)) byService.set(service, { service, configHash, imageID });
  }
  return [...byService.values()].toSorted((a, b) => (a.service < b.service ? -1 : 1));
}
