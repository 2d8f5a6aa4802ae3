/** The keys that encrypt a store's backups. They lie in the Secret that the JtelBackupStore names. */

import type { EncryptionKey } from '../../jobs/values.ts';
import type { JtelBackupStore } from '../../crds/index.ts';
import type { CallOptions, Cluster } from '../../runtime/client/cluster.ts';
import { InputError } from './input-error.ts';
import { readSecret, requireKey } from './secret-input.ts';

/** This entry of the Secret is not a key: it names the key for new backups. */
const currentEntry = 'current';
const keyBytes = 32;

/**
 * The key for a new backup; undefined when the store has none.
 * @throws {InputError} `SecretNotFound`, `SecretInvalid`
 */
export async function currentEncryptionKey(
  cluster: Cluster,
  store: JtelBackupStore,
  options: CallOptions,
): Promise<EncryptionKey | undefined> {
  const found = await keysOf(cluster, store, options);
  if (found === undefined) return undefined;
  const keyID = requireKey(found.secret, currentEntry, found.where).trim();
  const key = keyID === currentEntry ? undefined : found.secret.find(keyID);
  if (key === undefined)
    throw new InputError(
      'SecretInvalid',
      // Not what it names: somebody may have put the encryption key itself there.
      `Secret ${found.where}: there is no key of the name that its key "current" holds: add it.`,
    );
  return checked(keyID, key, found.where);
}

/**
 * The key that a backup names in its manifest.
 * @throws {InputError} `DecryptionKeyMissing`, `SecretNotFound`, `SecretInvalid`
 */
export async function encryptionKey(
  cluster: Cluster,
  store: JtelBackupStore,
  keyID: string,
  options: CallOptions,
): Promise<EncryptionKey> {
  const found = await keysOf(cluster, store, options);
  const key = keyID === currentEntry ? undefined : found?.secret.find(keyID);
  if (found === undefined || key === undefined) {
    const { namespace, name } = store.metadata;
    const where =
      found === undefined
        ? `JtelBackupStore ${namespace}/${name} has no spec.encryptionKeySecretRef`
        : `Secret ${found.where} has no key of that name`;
    throw new InputError(
      'DecryptionKeyMissing',
      `The backup is encrypted with key "${keyID}", and ${where}: add it, or the backup cannot be read.`,
    );
  }
  return checked(keyID, key, found.where);
}

async function keysOf(cluster: Cluster, store: JtelBackupStore, options: CallOptions) {
  const reference = store.spec.encryptionKeySecretRef;
  if (reference === undefined) return undefined;
  const { namespace, name } = store.metadata;
  const field = `spec.encryptionKeySecretRef of JtelBackupStore ${namespace}/${name}`;
  return {
    secret: await readSecret(cluster, namespace, reference.name, field, options),
    where: `${namespace}/${reference.name} (${field})`,
  };
}

function checked(keyID: string, text: string, where: string): EncryptionKey {
  const key = text.trim();
  if (/^[A-Za-z0-9+/]{43}=$/.test(key) && Buffer.from(key, 'base64').length === keyBytes)
    return { keyID, key };
  throw new InputError(
    'SecretInvalid',
    `Secret ${where}: key "${keyID}" is not 32 bytes in base64: make one with "openssl rand -base64 32".`,
  );
}
