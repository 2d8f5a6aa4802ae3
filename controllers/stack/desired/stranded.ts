/** What still runs on the host that a stack is moved from; pure. */

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
