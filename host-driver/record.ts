/** Writes state.json: computed here, put in place on the host only if nobody changed it in between. */
import { HostError } from './host.ts';
import type { AppliedService, Fence, HostState, ObservedContainer } from './host.ts';
import { runStep, staleExit } from './script/run.ts';
import type { Connection } from './ssh/pool.ts';
import { changedState, formatState, parseState, stateDigest } from './state.ts';
import type { StateChange } from './state.ts';

/** The state as it was seen on the host. */
export interface SeenState {
  readonly machineID: string;
  readonly stateText: string;
}

/** @returns the state as it is on the host now. @throws HostError OutcomeUnknown when another writer was faster. */
export async function putState(
  connection: Connection,
  project: string,
  fence: Fence,
  seen: SeenState,
  change: StateChange,
  signal: AbortSignal,
): Promise<HostState> {
  const old = parseState(seen.stateText);
  if (old === undefined && seen.stateText.trim() !== '') {
    throw new HostError(
      'HostOwned',
      connection.host,
      `/opt/jtel/${project}/state.json on ${connection.host} is not readable for this version: use the operator that wrote it, or move it away`,
    );
  }
  const state = changedState(old, fence, seen.machineID, change, new Date().toISOString());
  const text = formatState(state);
  if (text === seen.stateText) return state;
  const step = { verb: 'put-state', project, fence, stdin: text, arguments: [stateDigest(seen.stateText)], timeoutSeconds: 30 } as const;
  const result = await runStep(connection, step, signal);
  if (result.code === staleExit) {
    throw new HostError('OutcomeUnknown', connection.host, `state.json of ${project} on ${connection.host} was changed by somebody else at the same time: observe again`);
  }
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
