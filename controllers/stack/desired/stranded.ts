/** What runs, or ever ran, on the host that a stack is moved from; pure. */

import type { JtelStack } from '../../../crds/index.ts';
import type { HostObservation, HostState } from '../../../host-driver/host.ts';
import { isUp } from '../../hosts/health.ts';
import type { Candidate } from '../model.ts';
import type { RelocationLook } from '../relocation.ts';

/** How many containers are up on the old host besides those of the database: of that the move makes its last backup. */
export function besidesDatabase(
  { release }: Pick<Candidate, 'release'>,
  { containers }: HostObservation,
): { readonly keep: readonly string[]; readonly running: number } {
  const keep = release.ok ? release.value.databaseServices : [];
  return { keep, running: containers.filter((one) => isUp(one) && !keep.includes(one.service)).length };
}

/** The data of a move whose old host serves no more: it has to end, whatever is wanted meanwhile. */
export function strandedData(
  move: RelocationLook | undefined,
  candidate: Pick<Candidate, 'release'>,
): HostState | undefined {
  if (move?.old.ok !== true) return undefined;
  const { value: old } = move.old;
  return besidesDatabase(candidate, old).running === 0 ? old.state : undefined;
}

/**
 * The first data are on the old host, and nothing but their database was ever started on them. A backup of them needs a stack that
 * runs, which may be what the host is left for. So the first data are loaded on the new host, as if they had not been on the old one.
 */
export function neverServed(
  stack: Pick<JtelStack, 'metadata' | 'status'>,
  candidate: Pick<Candidate, 'release'>,
  move: RelocationLook | undefined,
): boolean {
  return move?.isQuiet === true && seemsUnused(stack, candidate, move);
}

/** As far as a look tells: docker compose goes on without the connection that began it, and may be about to start the stack. */
export function seemsUnused(
  { metadata, status }: Pick<JtelStack, 'metadata' | 'status'>,
  { release }: Pick<Candidate, 'release'>,
  move: RelocationLook,
): boolean {
  // Data that a restore was taken back to have no release that is applied, either, and did serve.
  if (status?.version !== undefined || !move.old.ok || !release.ok) return false;
  // It was seen to serve. That it was started may not be noted on a host whose disk is full, and its containers may be gone since.
  if (status?.availability !== undefined) return false;
  const { state, containers } = move.old.value;
  if (state?.data === undefined || state.owner.uid !== metadata.uid) return false;
  const { applied, update, moved, previous, refused, data } = state;
  if ([applied, update, moved, previous, refused, data.state].some((one) => one !== undefined)) return false;
  // What a JtelRestore or a move brought is not loaded by a first installation.
  if (data.requestUID !== undefined && data.requestUID !== metadata.uid) return false;
  return containers.every(({ service }) => release.value.databaseServices.includes(service));
}
