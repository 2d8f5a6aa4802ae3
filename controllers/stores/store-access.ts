/** Opens a JtelBackupStore by its name: the port to its blobs, and the way to ask for its policy. */

import {
  azureCredentials,
  AzureCredentialsError,
  type AzureCredentials,
} from '../../blob-store/azure/credentials.ts';
import { managementAccess } from '../../blob-store/azure/management-access.ts';
import { endpointRules } from '../../blob-store/endpoint-rules.ts';
import type { BlobStore } from '../../blob-store/blob-store.ts';
import type { ReadRetention, Retention } from '../../blob-store/retention.ts';
import { storeKind, type JtelBackupStore } from '../../crds/index.ts';
import type { CallOptions, Cluster, SecretValues } from '../../runtime/client/cluster.ts';
import { InputError } from '../inputs/input-error.ts';
import { lastTold } from './retention.ts';
import { readSecret } from '../inputs/secret-input.ts';
import { optional } from '../../base/optional.ts';

export interface OpenStore {
  readonly resource: JtelBackupStore;
  readonly blobs: BlobStore;
  /** See {@link retentionReader}. */
  readonly retention?: ReadRetention;
  /** The clock that says which of its backups are of the future. */
  readonly now: () => Date;
}

/**
 * @param field the path in the spec that names the store, for messages
 * @throws {InputError} when the store or its Secret is missing or unusable
 */
export async function openStore(
  cluster: Cluster,
  namespace: string,
  name: string,
  field: string,
  options: CallOptions,
): Promise<OpenStore> {
  const resource = await cluster.find(storeKind, { namespace, name }, options);
  if (resource === undefined) {
    throw new InputError(
      'StoreNotFound',
      `JtelBackupStore ${namespace}/${name}, which ${field} names, does not exist: create it.`,
    );
  }
  const retention = retentionReader(cluster, resource);
  return {
    resource,
    blobs: await openBlobs(cluster, resource, options),
    now: () => new Date(),
    ...optional({ retention }),
  };
}

/** Opens the blobs of a store whose object was read already. */
export async function openBlobs(
  cluster: Cluster,
  resource: JtelBackupStore,
  options: CallOptions,
): Promise<BlobStore> {
  const { endpoint, container, prefix, credentialsSecretRef } = resource.spec.azure;
  const namespace = resource.metadata.namespace ?? '';
  const where = `spec.azure.credentialsSecretRef of JtelBackupStore ${namespace}/${resource.metadata.name}`;
  if (/^http:/i.test(endpoint) && endpointRules()?.allowsHTTP === false)
    throw new InputError(
      'EndpointRefused',
      `JtelBackupStore ${namespace}/${resource.metadata.name} has the endpoint ${endpoint}, and by http:// data and rights pass unencrypted: use https://, or, for a test server, start the operator with --allow-http-stores.`,
    );
  const secret = await readSecret(cluster, namespace, credentialsSecretRef.name, where, options);
  const location = { endpoint, container, prefix: prefix ?? '' };
  // Azure's client is loaded with the first store, so an operator without stacks saves its memory.
  const { azureBlobStore } = await import('../../blob-store/azure/azure-store.ts');
  return azureBlobStore(
    location,
    readCredentials(secret, location, `Secret ${namespace}/${credentialsSecretRef.name} (${where})`),
  );
}

function readCredentials(
  secret: SecretValues,
  location: Parameters<typeof azureCredentials>[1],
  where: string,
): AzureCredentials {
  try {
    return azureCredentials(Object.fromEntries(secret.keys.map((key) => [key, secret.find(key)])), location);
  } catch (error) {
    if (error instanceof AzureCredentialsError)
      throw new InputError('SecretInvalid', `${where}: ${error.message}.`, error);
    throw error;
  }
}

/**
 * Asks the management plane about a store's container; undefined when the store does not say whom to ask. A missing or
 * unusable Secret gives "not read" and makes no backup fail.
 */
export function retentionReader(cluster: Cluster, store: JtelBackupStore): ReadRetention | undefined {
  const { management, endpoint, container } = store.spec.azure;
  if (management === undefined) return undefined;
  const last = lastTold(store);
  const notRead = (detail: string): Retention => ({
    kind: 'NotRead',
    detail,
    ...optional({ last }),
  });
  const { namespace = '', name } = store.metadata;
  const where = `spec.azure.management.credentialsSecretRef of JtelBackupStore ${namespace}/${name}`;
  const secretName = management.credentialsSecretRef.name;
  return async (signal) => {
    try {
      const secret = await readSecret(cluster, namespace, secretName, where, { signal });
      const access = managementAccess(
        management.resourceID,
        endpoint,
        Object.fromEntries(secret.keys.map((key) => [key, secret.find(key)])),
      );
      // Azure's libraries for it take 10 MB, so they are loaded only when a store wants them.
      const { readRetention } = await import('../../blob-store/azure/management.ts');
      const told = await readRetention(access, container, signal);
      return told.kind === 'NotRead' ? notRead(told.detail) : told;
    } catch (error) {
      if (error instanceof InputError) return notRead(error.message.replace(/\.$/, ''));
      if (error instanceof AzureCredentialsError)
        return notRead(`Secret ${namespace}/${secretName} (${where}): ${error.message}`);
      throw error;
    }
  };
}
