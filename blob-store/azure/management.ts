/**
 * Asks Azure's management plane for one thing: the immutability policy of a container. This file is loaded
 * only for stores that ask for it. Sovereign clouds: AZURE_AUTHORITY_HOST (as everywhere in Azure's
 * libraries) and AZURE_RESOURCE_MANAGER_ENDPOINT in the operator's environment.
 */
import { createStorageManagement } from '@azure/arm-storage/api';
import { get as getContainer } from '@azure/arm-storage/api/blobContainers';
import { ClientSecretCredential } from '@azure/identity';
import { printable } from '../../base/printable.ts';
import { boundedHttpClient } from './bounded-answers.ts';
import type { ManagementAccess } from './management-access.ts';
import type { Retention } from '../retention.ts';

const timeoutMilliseconds = 30_000;
const longestDetail = 300;

/**
 * An error of the management plane or of the login becomes `NotRead`. Their messages never contain the client
 * secret.
 */
export async function readRetention(
  access: ManagementAccess,
  container: string,
  signal: AbortSignal,
): Promise<Retention> {
  const { tenantID, clientID, clientSecret, subscriptionID, resourceGroup, account } = access;
  const { AZURE_AUTHORITY_HOST: authorityHost, AZURE_RESOURCE_MANAGER_ENDPOINT: endpoint } = process.env;
  const limited = AbortSignal.any([signal, AbortSignal.timeout(timeoutMilliseconds)]);
  const retryOptions = { maxRetries: 2, retryDelayInMs: 500, maxRetryDelayInMs: 2_000 };
  try {
    const login = {
      httpClient: boundedHttpClient,
      retryOptions,
      ...(authorityHost === undefined ? {} : { authorityHost, disableInstanceDiscovery: true }),
    };
    const credential = new ClientSecretCredential(tenantID, clientID, clientSecret, login);
    const cloud =
      endpoint === undefined ? {} : { endpoint, credentials: { scopes: [`${endpoint}/.default`] } };
    const client = createStorageManagement(credential, subscriptionID, {
      httpClient: boundedHttpClient,
      retryOptions,
      ...cloud,
    });
    const { immutabilityPolicy } = await within(
      limited,
      getContainer(client, resourceGroup, account, container, { abortSignal: limited }),
    );
    const days = immutabilityPolicy?.immutabilityPeriodSinceCreationInDays ?? 0;
    return days === 0
      ? { kind: 'None' }
      : { kind: 'TimeBased', days, isLocked: immutabilityPolicy?.state === 'Locked' };
  } catch (error) {
    signal.throwIfAborted();
    const where = `storage account ${account} (subscription ${subscriptionID}, resource group ${resourceGroup})`;
    return {
      kind: 'NotRead',
      detail: `${where} gave no answer about container ${container}: ${limited.aborted ? `no answer within ${timeoutMilliseconds / 1000} s` : said(error)}`,
    };
  }
}

/** The login ignores signals. */
async function within<T>(signal: AbortSignal, asking: Promise<T>): Promise<T> {
  asking.catch(() => undefined); // it may end long after nobody waits any more
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([asking, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function said(error: unknown): string {
  const { message, code, statusCode } = error as { message?: string; code?: string; statusCode?: number };
  const first = (message ?? '').split('\n')[0]?.trim().replace(/\.+$/, '') ?? '';
  const parts = [statusCode, code, first].filter((part) => part !== undefined && part !== '');
  return printable(parts.join(' ').slice(0, longestDetail));
}
