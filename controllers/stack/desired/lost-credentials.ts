/** Whether the generated credentials of a stack are lost, or were never made. Pure. */

import type { CredentialRequest } from '../../inputs/credential-secret.ts';
import type { Choice, Observed, SpecInput } from '../model.ts';

/**
 * Some are not in their Secret, and data or containers may exist that were made with them: the host is asked first, whatever
 * version is wanted. What the host has is taken; only what it does not have is new of a release.
 */
export function areCredentialsLost({
  stack,
  observed,
  missingCredentials,
}: Pick<SpecInput, 'stack' | 'observed' | 'missingCredentials'>): boolean {
  if (missingCredentials?.lacks === undefined) return false;
  // No data depend on a certificate.
  if (missingCredentials.lacks === 'Entries' && missingCredentials.generate.length === 0) return false;
  // Data and accounts come from a backup: what the old host had is given up.
  if (observed.relocation?.source === 'RecoverFromBackup') return false;
  const { status } = stack;
  // A host that does not answer may have data that the status does not know, as after the loss of a cluster.
  if (status?.version !== undefined || status?.data?.state === 'Complete' || !observed.host.ok) return true;
  const { state, currentRelease } = observed.host.value;
  const hasData = state?.data !== undefined && state.data.state !== 'Incomplete';
  return hasData || state?.applied !== undefined || currentRelease !== undefined;
}

/**
 * Names of those that the data cannot be used without. The rest may belong to a newer release or to a component that never ran;
 * so may the keys of encryption at rest, unless it is this version that was applied.
 */
export function mustBeOnHost(
  { generate, rootSecret }: CredentialRequest,
  {
    held,
    observed,
  }: { readonly held: Pick<Choice, 'release'>; readonly observed: Pick<Observed, 'host' | 'relocation'> },
): readonly string[] {
  const host = observed.relocation?.old ?? observed.host;
  const applied = host.ok ? host.value.state?.applied?.version : undefined;
  const isApplied = held.release.ok && applied === held.release.value.version;
  return generate
    .filter(({ name, length }) => name === rootSecret || (length === 'EncryptionKeys' && isApplied))
    .map(({ name }) => name);
}
