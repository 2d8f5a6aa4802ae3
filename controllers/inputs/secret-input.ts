/** Reads a Secret that a resource names, in the resource's own namespace, when it is needed. */

import { isForbidden, isNotFound } from '../../runtime/client/api-error.ts';
import type { CallOptions, Cluster, SecretValues } from '../../runtime/client/cluster.ts';
import { InputError } from './input-error.ts';

/** @param field the path in the spec that names the Secret, for the message. */
export async function readSecret(
  cluster: Cluster,
  namespace: string,
  name: string,
  field: string,
  options: CallOptions,
): Promise<SecretValues> {
  try {
    return await cluster.getSecret(namespace, name, options);
  } catch (error) {
    if (isNotFound(error))
      throw new InputError(
        'SecretNotFound',
        `Secret ${namespace}/${name}, which ${field} names, does not exist: create it.`,
        error,
      );
    if (isForbidden(error)) {
      throw new InputError(
        'SecretNotFound',
        `The operator may not read Secret ${namespace}/${name}, which ${field} names: grant it get on secrets.`,
        error,
      );
    }
    throw error;
  }
}

/** @throws {InputError} when the key is missing or empty. */
export function requireKey(secret: SecretValues, key: string, where: string): string {
  const value = secret.find(key);
  if (value === undefined || value === '')
    throw new InputError('SecretInvalid', `Secret ${where} has no key ${key}: add it.`);
  return value;
}
