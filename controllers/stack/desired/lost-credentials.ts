/** Whether the generated credentials of a stack are lost, or were never made. Pure. */

import type { CredentialRequest } from '../../inputs/credential-secret.ts';
import type { Choice, Observed, SpecInput } from '../model.ts';

/**
 * Their Secret does not exist, or has not all that the version has that runs; and the host or the status knows of data or
 * containers that were made with them.
 */
export function areCredentialsLost({
  stack,
  observed,
  release,
  missingCredentials,
}: Pick<SpecInput, 'stack' | 'observed' | 'release' | 'missingCredentials'>): boolean {
  if (missingCredentials?.lacks === undefined) return false;
  // Data and accounts come from a backup: what the old host had is given up.
  if (observed.relocation?.source === 'RecoverFromBackup') return false;
  const { status } = stack;
  if (missingCredentials.lacks === 'Entries') {
    const state = observed.host.ok ? observed.host.value.state : undefined;
    const present = state?.applied?.version ?? status?.version;
    // Another version may bring secrets of its own. Missing keys are told as such (DatabaseKeysMissing).
    const { generate } = missingCredentials;
    const isOurs = release.ok && release.value.version === present;
    if (!isOurs || generate.length === 0 || generate.some(({ length }) => length === 'EncryptionKeys'))
      return false;
  }
  const known = status?.version !== undefined || status?.data?.state === 'Complete';
  if (known || !observed.host.ok) return known;
  const { state, currentRelease } = observed.host.value;
  return state?.applied !== undefined || state?.data !== undefined || currentRelease !== undefined;
}

/**
 * Names of those that the data cannot be used without. The rest may belong to a newer release or to a component that never ran;
 * so may the keys of encryption at rest, if another version runs.
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
  const isNewer = held.release.ok && applied !== undefined && applied !== held.release.value.version;
  return generate
    .filter(({ name, length }) => name === rootSecret || (length === 'EncryptionKeys' && !isNewer))
    .map(({ name }) => name);
}
