/**
 * The generated secrets of a stack: the passwords that its release wants, and a self-signed certificate where the customer
 * has none. They are made once and kept in one Secret beside the stack. The Secret has no owner reference: a stack that is
 * deleted with `Orphan` keeps running, and whoever applies it again needs the same passwords.
 */

import { randomBytes, randomInt } from 'node:crypto';
import { labels, type JtelStack } from '../../crds/index.ts';
import { isNotFound } from '../../runtime/client/api-error.ts';
import type { CallOptions, Cluster, SecretValues } from '../../runtime/client/cluster.ts';
import { secrets } from '../../runtime/client/kinds.ts';
import { decodeSecret } from '../../runtime/client/secret-values.ts';
import { fileNamesKey, newFileNames } from './file-names.ts';
import { InputError } from './input-error.ts';
import type { RecoveredCredentials } from './recovered-credentials.ts';
import { certificateKey, credentialsName, type CredentialRequest } from './credential-secret.ts';

const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';

export class CredentialStore {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /**
   * Undefined when nothing was generated yet.
   * @throws {InputError} NameTaken when somebody else has a Secret of that name: his values are not used.
   */
  async read({ metadata }: JtelStack, options: CallOptions): Promise<SecretValues | undefined> {
    const { namespace = '' } = metadata;
    const name = credentialsName(metadata.name);
    let found: SecretValues;
    try {
      found = await this.#cluster.getSecret(namespace, name, options);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
    if (isOurs(found, metadata.name)) return found;
    throw new InputError(
      'NameTaken',
      `Secret ${namespace}/${name} has the name under which the operator keeps the passwords of this stack, and was not made for that: ` +
        'it is neither used nor changed. Give it another name. Or, if it holds what the stack is to use, say so: ' +
        `kubectl -n ${namespace} label secret ${name} ${labels.stack}=${metadata.name}`,
    );
  }

  /**
   * Adds what is missing, from `recovered` if it has it.
   * It never changes a password: that would lock the stack out of its database.
   */
  async ensure(
    stack: JtelStack,
    request: CredentialRequest,
    signal: AbortSignal,
    recovered?: RecoveredCredentials,
  ): Promise<void> {
    const existing = await this.read(stack, { signal });
    const data: Record<string, string> =
      existing === undefined ? { ...recovered?.data } : { ...recovered?.data, ...contentOf(existing) };
    for (const { name, length } of request.generate)
      data[name] ??= length === 'EncryptionKeys' ? keyFile() : password(length);
    if (request.renew === true) delete data[certificateKey];
    if (request.selfSigned) data[certificateKey] ??= await newCertificate(stack.spec.network.fqdn);
    // Of a Secret that is there, files may lie on the host already; see nameFiles.
    if (existing === undefined || (recovered !== undefined && data[fileNamesKey] === undefined))
      data[fileNamesKey] = newFileNames(randomBytes(32).toString('hex'), [], recovered?.kept);
    await this.#write(stack, existing, data, signal);
  }

  /**
   * Gives a stack of an older operator a key for the names of its secrets.
   * @param plain digests of those that lie on its host, which keep their names
   */
  async nameFiles(stack: JtelStack, plain: readonly string[], signal: AbortSignal): Promise<void> {
    const existing = await this.read(stack, { signal });
    if (existing === undefined || existing.find(fileNamesKey) !== undefined) return;
    await this.#write(
      stack,
      existing,
      { ...contentOf(existing), [fileNamesKey]: newFileNames(randomBytes(32).toString('hex'), plain) },
      signal,
    );
  }

  async #write(
    stack: JtelStack,
    existing: SecretValues | undefined,
    data: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    const namespace = stack.metadata.namespace ?? '';
    const object = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: credentialsName(stack.metadata.name),
        namespace,
        labels: { [labels.stack]: stack.metadata.name },
      },
      type: 'Opaque',
      data: Object.fromEntries(
        Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
      ),
    };
    // The first time it is created, not applied: of two operators only one can invent the passwords.
    if (existing === undefined) await this.#cluster.create(secrets, object, { signal });
    else {
      const locked = {
        ...object,
        metadata: { ...object.metadata, resourceVersion: existing.resourceVersion },
      };
      await this.#cluster.apply(secrets, locked, { signal });
    }
  }

  async remove(stack: JtelStack, signal: AbortSignal): Promise<void> {
    const key = { namespace: stack.metadata.namespace ?? '', name: credentialsName(stack.metadata.name) };
    const found = await this.#cluster.find(secrets, key, { signal });
    // The operator did not make this Secret, so it does not delete it.
    if (found === undefined || !isOurs(decodeSecret(found), stack.metadata.name)) return;
    await this.#cluster.delete(secrets, key, { uid: found.metadata?.uid ?? '' }, { signal });
  }
}

function contentOf(values: SecretValues): Record<string, string> {
  return Object.fromEntries(values.keys.map((key) => [key, values.find(key) ?? '']));
}

/** All that the operator ever made bear the stack's name; people give it to one that they make for a stack. */
function isOurs({ labels: found, type }: SecretValues, stackName: string): boolean {
  return found[labels.stack] === stackName && type === 'Opaque';
}

/** One key, number 1: MariaDB encrypts tables with it unless they ask for another. */
function keyFile(): string {
  return `1;${randomBytes(32).toString('hex')}\n`;
}

function password(length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}

/** A stack needs this once in its life, so the library for it (10 MB in memory) is loaded only then. */
async function newCertificate(fqdn: string): Promise<string> {
  const { selfSignedCertificate } = await import('./self-signed.ts');
  return await selfSignedCertificate(fqdn);
}
