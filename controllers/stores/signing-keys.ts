/**
 * The key that this operator signs backups with. It lies in a Secret in the operator's own namespace, which no host and no tenant
 * sees; the operator makes it when there is none. Whoever deletes the Secret gets a new key, and the old public one stays trusted:
 * each JtelBackupStore's status keeps it (docs/decisions/0050-signed-backups.md).
 */

import { generateKeyPairSync } from 'node:crypto';
import { signerFrom, type Signer } from '../../backup-format/signature.ts';
import { madeByOperator, type JtelBackupStore } from '../../crds/index.ts';
import {
  isAlreadyExists,
  isDeniedByAdmission,
  isForbidden,
  isNotFound,
} from '../../runtime/client/api-error.ts';
import type { CallOptions, Cluster } from '../../runtime/client/cluster.ts';
import { secrets } from '../../runtime/client/kinds.ts';
import { InputError } from '../inputs/input-error.ts';
import type { OpenStore } from './store-access.ts';
import { isRevoked } from './trust.ts';

export const signingSecretName = 'jtel-operator-backup-signing';
const signingSecretType = 'jtel.de/backup-signing';
const entry = 'ed25519.pem';
/** Of more, the oldest go; each is the work of a person. */
export const mostSigningKeys = 64;

type SigningKey = NonNullable<NonNullable<JtelBackupStore['status']>['signingKeys']>[number];

export class SigningKeys {
  readonly #cluster: Cluster;
  readonly #namespace: string;
  /** Of this process. A store's status may not have the newest one yet. */
  readonly #own = new Map<string, SigningKey>();

  /** @param namespace the operator's own */
  constructor(cluster: Cluster, namespace: string) {
    this.#cluster = cluster;
    this.#namespace = namespace;
  }

  /**
   * The key for new backups in a store, made if there is none.
   * @throws {InputError} `SecretInvalid` when somebody else's Secret has that name, which is left alone; or when the store
   *   revokes the key
   */
  async current(store: Pick<JtelBackupStore, 'metadata' | 'spec'>, options: CallOptions): Promise<Signer> {
    const signer = (await this.#read(options)) ?? (await this.#make(options));
    const { keyID, publicKey } = signer;
    if (isRevoked(store, keyID))
      throw new InputError(
        'SecretInvalid',
        `The key ${keyID} that signs backups is in spec.revokedKeyIDs of JtelBackupStore ${store.metadata.namespace}/${store.metadata.name}, so what it signs there would not count: delete Secret ${this.#namespace}/${signingSecretName}, and the operator makes a new key.`,
      );
    // Last, also if it was in use before another one.
    this.#own.delete(keyID);
    this.#own.set(keyID, { keyID, publicKey });
    return signer;
  }

  /** The same store, which trusts the keys of this process, too. */
  trustedBy(opened: OpenStore): OpenStore {
    const { resource } = opened;
    const signingKeys = withKeys(resource.status?.signingKeys, [...this.#own.values()]);
    return { ...opened, resource: { ...resource, status: { ...resource.status, signingKeys } } };
  }

  async #read(options: CallOptions): Promise<Signer | undefined> {
    const where = `Secret ${this.#namespace}/${signingSecretName}`;
    try {
      const secret = await this.#cluster.getSecret(this.#namespace, signingSecretName, options);
      if (secret.type !== signingSecretType)
        throw new InputError(
          'SecretInvalid',
          `${where} is not of type ${signingSecretType}, so the operator did not make it and leaves it alone: give it another name, and the operator makes the key that signs backups.`,
        );
      return signerFrom(secret.find(entry) ?? '');
    } catch (error) {
      if (isNotFound(error)) return undefined;
      if (isForbidden(error)) throw forbidden(where, error);
      if (error instanceof TypeError)
        throw new InputError(
          'SecretInvalid',
          `${where} has no Ed25519 private key in PEM under ${entry}: restore it, or delete the Secret, and the operator makes a new key.`,
          error,
        );
      throw error;
    }
  }

  /** Created, not applied: of two operators only one can make the key. */
  async #make(options: CallOptions): Promise<Signer> {
    const privateKey = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
    const object = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: this.#namespace, name: signingSecretName, labels: madeByOperator },
      type: signingSecretType,
      data: { [entry]: Buffer.from(privateKey).toString('base64') },
      immutable: true,
    };
    try {
      await this.#cluster.create(secrets, object, options);
    } catch (error) {
      if (isForbidden(error)) throw forbidden(`Secret ${this.#namespace}/${signingSecretName}`, error);
      if (!isAlreadyExists(error)) throw error;
    }
    const made = await this.#read(options);
    if (made === undefined)
      throw new InputError('SecretNotFound', `Secret ${signingSecretName} was deleted just now.`);
    return made;
  }
}

/** At most {@link mostSigningKeys}, oldest first. @param used those in use last come last, also if they are known */
export function withKeys(known: readonly SigningKey[] = [], used: readonly SigningKey[]): SigningKey[] {
  const older = known.filter(({ keyID }) => used.every((one) => one.keyID !== keyID));
  return [...older, ...used].slice(-mostSigningKeys);
}

function forbidden(where: string, cause: unknown): InputError {
  if (isDeniedByAdmission(cause))
    return new InputError(
      'SecretNotFound',
      `A policy of the cluster does not let the operator create ${where}, its key for signing backups; the Role for it is there. It said: ${cause.message}`,
      cause,
    );
  return new InputError(
    'SecretNotFound',
    `The operator may not read and create ${where}, its key for signing backups: apply the Role jtel-operator-backup-signing.`,
    cause,
  );
}
