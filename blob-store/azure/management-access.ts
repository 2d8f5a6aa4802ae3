/**
 * Reads a store's `spec.azure.management` and its Secret: whom to ask, and as whom. Messages name keys only
 * and never show values.
 */
import { AzureCredentialsError } from './credentials.ts';

export interface ManagementAccess {
  readonly subscriptionID: string;
  readonly resourceGroup: string;
  readonly account: string;
  readonly tenantID: string;
  readonly clientID: string;
  readonly clientSecret: string;
}

const guid = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;
const resource =
  /^\/subscriptions\/([0-9a-f-]{36})\/resourceGroups\/([\w.()-]{1,90})\/providers\/Microsoft\.Storage\/storageAccounts\/([a-z0-9]{3,24})$/i;

/**
 * @param resourceID of the storage account, as `az storage account show --query id` prints it
 * @param endpoint of the store. An account that is clearly another one is refused: its policy says nothing
 * about this container
 * @throws {AzureCredentialsError}
 */
export function managementAccess(
  resourceID: string,
  endpoint: string,
  values: Readonly<Record<string, string | undefined>>,
): ManagementAccess {
  const [, subscriptionID, resourceGroup, account] = resource.exec(resourceID) ?? [];
  if (subscriptionID === undefined || resourceGroup === undefined || account === undefined) {
    throw new AzureCredentialsError(
      'resourceID is not that of a storage account: copy what "az storage account show --query id" prints',
    );
  }
  const expected = accountOf(endpoint);
  if (expected !== undefined && expected !== account.toLowerCase()) {
    throw new AzureCredentialsError(
      `resourceID is that of storage account ${account}, but the endpoint is that of ${expected}: correct one of them`,
    );
  }
  const value = (key: string): string => values[key]?.trim() ?? '';
  const [tenantID, clientID, clientSecret] = [value('tenantID'), value('clientID'), value('clientSecret')];
  if (!guid.test(tenantID)) throw new AzureCredentialsError('tenantID is missing or no GUID');
  if (!guid.test(clientID)) throw new AzureCredentialsError('clientID is missing or no GUID');
  if (clientSecret === '') throw new AzureCredentialsError('clientSecret is missing');
  return { subscriptionID, resourceGroup, account: account.toLowerCase(), tenantID, clientID, clientSecret };
}

/**
 * The account of `https://ACCOUNT.blob.…` or `http://HOST/ACCOUNT`. A customer's own domain does not say it.
 */
function accountOf(endpoint: string): string | undefined {
  if (!URL.canParse(endpoint)) return undefined;
  const { hostname, pathname } = new URL(endpoint);
  const inPath = pathname.replaceAll('/', '');
  if (inPath !== '') return inPath;
  const [first, second] = hostname.split('.');
  return second === 'blob' ? first : undefined;
}
