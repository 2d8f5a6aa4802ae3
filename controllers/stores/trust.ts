/**
 * Which backups count: those that an operator signed whose key the JtelBackupStore trusts. Its spec and status name the keys. A
 * key that only lies in the store proves nothing, because whoever can write a backup there can write a key beside it.
 */

import type { Manifest } from '../../backup-format/manifest.ts';
import { namedKeys } from '../../backup-format/named-keys.ts';
import type { Seal } from '../../backup-format/signature.ts';
import type { BlobStore } from '../../blob-store/blob-store.ts';
import { annotations, type JtelBackupStore, type JtelRestore } from '../../crds/index.ts';
import { optional } from '../../base/optional.ts';
import { InputError } from '../inputs/input-error.ts';

export interface Trust {
  /** The JtelBackupStore, for messages. */
  readonly store: string;
  /** Public keys, as the store's spec and status have them, without revoked ones. */
  readonly keys: readonly string[];
  /** Of these the signatures do not count any more; for messages. */
  readonly revokedKeyIDs?: readonly string[];
  /** Whether new backups there are encrypted. */
  readonly encrypts: boolean;
  readonly now: () => Date;
  /** Whether an object of this cluster names that backup: such are always read. */
  readonly isKnown?: (identity: string, backupID: string) => boolean;
  /** Whether an unsigned manifest counts all the same; default: none does. The digest is the SHA-256 of its bytes. */
  readonly acceptsUnsigned?: (identity: string, backupID: string, digest: string) => boolean;
}

/** A store, and which of its backups count. */
export interface Catalog {
  readonly blobs: BlobStore;
  readonly trust: Trust;
}

/** What somebody accepts who names a backup. */
export interface Consent {
  readonly unsigned?: boolean;
  readonly unencrypted?: boolean;
}

export const noConsent: Consent = {};

export function catalogOf({
  resource,
  blobs,
  now,
}: {
  readonly resource: JtelBackupStore;
  readonly blobs: BlobStore;
  readonly now: () => Date;
}): Catalog {
  const { metadata, spec, status } = resource;
  const keys = namedKeys({ ...spec, ...status }).filter((key) => !key.isRevoked);
  return {
    blobs,
    trust: {
      store: `JtelBackupStore ${metadata.namespace}/${metadata.name}`,
      keys: keys.map(({ publicKey }) => publicKey),
      ...optional({ revokedKeyIDs: spec.revokedKeyIDs }),
      encrypts: spec.encryptionKeySecretRef !== undefined,
      now,
    },
  };
}

/** Somebody else may have the private key, so nothing that it signs counts, whoever else trusts it. */
export function isRevoked({ spec }: Pick<JtelBackupStore, 'spec'>, keyID: string): boolean {
  return spec.revokedKeyIDs?.includes(keyID) === true;
}

export function consentOf({ spec }: Pick<JtelRestore, 'spec'>): Consent {
  return { unsigned: spec.unsigned === 'Accept', unencrypted: spec.unencrypted === 'Accept' };
}

/**
 * Refuses a backup that was not written by us, unless somebody consented. There is no consent to a wrong signature.
 * @throws {InputError} `BackupUnsigned`, `BackupSignerUnknown`, `BackupInvalid`, `BackupNotEncrypted`
 */
export function requireTrusted(
  { blobs, trust }: Catalog,
  {
    manifest,
    manifestDigest,
    seal,
  }: { readonly manifest: Manifest; readonly manifestDigest: string; readonly seal: Seal },
  { unsigned = false, unencrypted = false }: Consent,
): void {
  const what = `The backup ${manifest.backupID} of ${manifest.identity} in ${blobs.description}`;
  switch (seal.is) {
    case 'Signed':
      break;
    case 'Wrong':
      throw new InputError(
        'BackupInvalid',
        `${what} has a signature that does not fit: somebody wrote or changed its manifest. Nothing was touched; take another backup.`,
      );
    case 'UnknownKey':
      if (trust.revokedKeyIDs?.includes(seal.keyID) === true)
        throw new InputError(
          'BackupSignerUnknown',
          `${what} is signed with key ${seal.keyID}, which spec.revokedKeyIDs of ${trust.store} revokes. Nothing was touched; take a backup that another key signed (docs/recovery.md).`,
        );
      throw new InputError(
        'BackupSignerUnknown',
        `${what} is signed with key ${seal.keyID}, which ${trust.store} does not trust. Nothing was touched. If you have that key on paper, add it to spec.trustedKeys (docs/recovery.md).`,
      );
    case 'Unsigned':
      if (!unsigned && trust.acceptsUnsigned?.(manifest.identity, manifest.backupID, manifestDigest) !== true)
        throw new InputError(
          'BackupUnsigned',
          `${what} is not signed, so whoever can write to the store may have made it. Nothing was touched. Operators before 0.2 did not sign: if it is from then, consent to it by name (docs/recovery.md): a JtelRestore with unsigned Accept, or the annotation ${annotations.acceptUnsigned} of a stack that begins or moves.`,
        );
  }
  if (trust.encrypts && manifest.encryption === undefined && !unencrypted)
    throw new InputError(
      'BackupNotEncrypted',
      `${what} is not encrypted, and ${trust.store} encrypts. Nothing was touched. If it is from before that, create a JtelRestore that names its backupID, with unencrypted Accept.`,
    );
}
