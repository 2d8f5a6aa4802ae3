/** Who signed a backup, and whether its store trusts that key, as the objects say. Nothing is read from the store. */
import { namedKeys, type Naming } from '../backup-format/named-keys.ts';
import type { Seal } from '../backup-format/signature.ts';
import type { JtelBackup, JtelBackupStore } from '../crds/index.ts';

/** `Unknown`: nobody here may see what the store trusts, or its object is gone. */
export type Signature =
  | { readonly is: 'Trusted' | 'Untrusted' | 'Revoked' | 'Unknown'; readonly keyID: string }
  | { readonly is: 'Unsigned' };

/**
 * @param store that has the backup; absent if it is not known
 * @returns undefined for a backup that is not stored yet
 */
export function signatureOf(
  { status = {} }: Pick<JtelBackup, 'status'>,
  store: Pick<JtelBackupStore, 'spec' | 'status'> | undefined,
): Signature | undefined {
  const { phase, manifestDigest, signingKeyID: keyID } = status;
  if (keyID === undefined)
    return phase === 'Completed' || manifestDigest !== undefined ? { is: 'Unsigned' } : undefined;
  return store === undefined
    ? { is: 'Unknown', keyID }
    : { is: standingOf(keyID, { ...store.spec, ...store.status }), keyID };
}

/** What a manifest itself says; undefined if its signature does not fit. */
export function signatureOfSeal(
  seal: Seal,
  revokedKeyIDs: readonly string[] | undefined,
): Signature | undefined {
  switch (seal.is) {
    case 'Signed':
      return { is: 'Trusted', keyID: seal.keyID };
    case 'UnknownKey':
      return { is: standingOf(seal.keyID, { revokedKeyIDs }), keyID: seal.keyID };
    case 'Unsigned':
      return { is: 'Unsigned' };
    case 'Wrong':
      return undefined;
  }
}

function standingOf(keyID: string, naming: Naming): 'Trusted' | 'Untrusted' | 'Revoked' {
  if (naming.revokedKeyIDs?.includes(keyID) === true) return 'Revoked';
  return namedKeys(naming).some((key) => key.keyID === keyID) ? 'Trusted' : 'Untrusted';
}

/** Why a signature does not count, as a phrase; undefined if it does, or nobody knows. */
export function signatureProblem(signature: Signature): string | undefined {
  switch (signature.is) {
    case 'Unsigned':
      return 'not signed, as those of operators before 0.2; restored only by name, with --unsigned';
    case 'Untrusted':
      return `signed with key ${signature.keyID}, which the store does not trust; not restored unless spec.trustedKeys of the store has that key`;
    case 'Revoked':
      return `signed with key ${signature.keyID}, which spec.revokedKeyIDs of the store revokes; not restored`;
    case 'Trusted':
    case 'Unknown':
      return undefined;
  }
}
