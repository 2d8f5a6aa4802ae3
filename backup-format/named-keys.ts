/** The keys that a JtelBackupStore names, and whether their signatures count. A revoked one never counts, whoever named it. */
import { isPublicKey, keyIDOf } from './signature.ts';

/** As spec and status of the JtelBackupStore have them. */
export interface Naming {
  readonly signingKeys?: readonly { readonly publicKey: string }[] | undefined;
  readonly trustedKeys?: readonly string[] | undefined;
  readonly revokedKeyIDs?: readonly string[] | undefined;
}

export interface NamedKey {
  readonly keyID: string;
  /** See `isPublicKey`. */
  readonly publicKey: string;
  /** `InUse` and `Earlier`: this cluster's operator signs, or signed, with it. `Added`: only spec.trustedKeys has it. */
  readonly use: 'InUse' | 'Earlier' | 'Added';
  readonly isRevoked: boolean;
}

/** Each once: those of the operator first, the oldest before the one in use. */
export function namedKeys({ signingKeys = [], trustedKeys = [], revokedKeyIDs = [] }: Naming): NamedKey[] {
  const named = new Map<string, Omit<NamedKey, 'isRevoked'>>();
  const add = (publicKey: string, use: NamedKey['use']): void => {
    if (!isPublicKey(publicKey)) return;
    const keyID = keyIDOf(publicKey);
    if (!named.has(keyID)) named.set(keyID, { keyID, publicKey, use });
  };
  for (const [index, { publicKey }] of signingKeys.entries())
    add(publicKey, index === signingKeys.length - 1 ? 'InUse' : 'Earlier');
  for (const publicKey of trustedKeys) add(publicKey, 'Added');
  return [...named.values()].map((key) => ({ ...key, isRevoked: revokedKeyIDs.includes(key.keyID) }));
}
