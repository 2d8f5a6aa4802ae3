/** Reads the Secret of a store. Messages name keys only and never show values. */

export type AzureCredentials =
  | { readonly kind: 'AccountKey'; readonly accountName: string; readonly accountKey: string }
  /** Without the leading `?`. */
  | { readonly kind: 'SAS'; readonly token: string };

export interface AzureLocation {
  /** `http(s)://host[:port][/account]`, as in a JtelBackupStore. */
  readonly endpoint: string;
  readonly container: string;
  /** Path inside the container, without slashes at its ends. */
  readonly prefix?: string;
}

/** The Secret cannot be used. The message says which key is wrong and what to do. */
export class AzureCredentialsError extends Error {
  override readonly name = 'AzureCredentialsError';
}

/**
 * Reads `accountName` and `accountKey`, or `sasToken`, or `connectionString`, and `endpoint`. Refuses what
 * belongs to another endpoint, so whoever may change the endpoint does not get the credentials sent there.
 */
export function azureCredentials(
  values: Readonly<Record<string, string | undefined>>,
  location: AzureLocation,
): AzureCredentials {
  const value = (key: string): string | undefined => {
    const text = values[key]?.trim();
    return text === '' ? undefined : text;
  };
  const [accountName, accountKey, sasToken, connectionString] = [
    'accountName',
    'accountKey',
    'sasToken',
    'connectionString',
  ].map(value);
  const given = [accountKey, sasToken, connectionString].filter((text) => text !== undefined).length;
  if (given !== 1) {
    throw new AzureCredentialsError(
      `give exactly one of: accountName with accountKey; sasToken; connectionString (${given === 0 ? 'none' : `${given} of them`} found)`,
    );
  }
  const endpoint = value('endpoint');
  if (endpoint !== undefined) requireSame('endpoint', endpoint, location);
  if (sasToken !== undefined) {
    // A SAS is sent as it is with each request. A key only signs them.
    if (endpoint === undefined)
      throw new AzureCredentialsError(
        `a sasToken goes only to the endpoint that it was made for: add the key endpoint (${location.endpoint})`,
      );
    return sas('sasToken', sasToken);
  }
  if (connectionString !== undefined) return fromConnectionString(connectionString, location);
  if (accountName === undefined)
    throw new AzureCredentialsError('accountKey is there, but accountName is missing');
  const credentials = sharedKey('accountKey', accountName, accountKey ?? '');
  // Who gets a request with its signature can send it on to the real account, so a key is bound, too.
  if (endpoint === undefined && !isAzuresOwn(location.endpoint, accountName))
    throw new AzureCredentialsError(
      `an accountKey without the key endpoint is for the account's own endpoint at Azure (https://<accountName>.blob.core.windows.net, or another cloud's) and not for ${location.endpoint}: correct spec.azure.endpoint or accountName, or, if the key is for it, add the key endpoint (${location.endpoint})`,
    );
  return credentials;
}

/** Azure, its zones, and its clouds in China and for the government of the United States. */
const suffixes =
  /^\.(blob\.core\.(windows\.net|chinacloudapi\.cn|usgovcloudapi\.net)|z[0-9]{1,2}\.blob\.storage\.azure\.net)$/;

function isAzuresOwn(endpoint: string, accountName: string): boolean {
  if (!URL.canParse(endpoint)) return false;
  const { protocol, hostname, port, pathname } = new URL(endpoint);
  const names = [accountName, `${accountName}-secondary`];
  const isOwn = names.some((name) => hostname.startsWith(name) && suffixes.test(hostname.slice(name.length)));
  return isOwn && protocol === 'https:' && port === '' && pathname === '/';
}

function fromConnectionString(text: string, location: AzureLocation): AzureCredentials {
  const fields = new Map<string, string>();
  for (const part of text.split(';')) {
    const separator = part.indexOf('=');
    if (separator > 0)
      fields.set(part.slice(0, separator).trim().toLowerCase(), part.slice(separator + 1).trim());
  }
  const account = fields.get('accountname');
  const endpoint =
    fields.get('blobendpoint') ??
    (account === undefined
      ? undefined
      : `https://${account}.blob.${fields.get('endpointsuffix') ?? 'core.windows.net'}`);
  if (endpoint === undefined)
    throw new AzureCredentialsError('connectionString has neither BlobEndpoint nor AccountName');
  requireSame('connectionString', endpoint, location);
  const signature = fields.get('sharedaccesssignature');
  if (signature !== undefined) return sas('connectionString', signature);
  if (account === undefined) throw new AzureCredentialsError('connectionString has no AccountName');
  return sharedKey('connectionString', account, fields.get('accountkey') ?? '');
}

function requireSame(where: string, endpoint: string, location: AzureLocation): void {
  if (!sameEndpoint(endpoint, location.endpoint))
    throw new AzureCredentialsError(
      `${where} belongs to another endpoint than ${location.endpoint}: correct the Secret or the endpoint`,
    );
}

function sameEndpoint(left: string, right: string): boolean {
  if (!URL.canParse(left) || !URL.canParse(right)) return false;
  const [one, other] = [new URL(left), new URL(right)];
  return one.origin === other.origin && one.pathname.replace(/\/$/, '') === other.pathname.replace(/\/$/, '');
}

function sharedKey(where: string, accountName: string, accountKey: string): AzureCredentials {
  if (!/^[a-z0-9]{3,24}$/.test(accountName))
    throw new AzureCredentialsError(
      `the account name in ${where} is not one (3 to 24 lower-case letters and digits)`,
    );
  if (!/^[A-Za-z0-9+/]{16,}={0,2}$/.test(accountKey))
    throw new AzureCredentialsError(`the account key in ${where} is not base64: copy it again`);
  return { kind: 'AccountKey', accountName, accountKey };
}

function sas(where: string, text: string): AzureCredentials {
  const token = text.startsWith('?') ? text.slice(1) : text;
  if (!/^[A-Za-z0-9%&=._~:+/,;-]+$/.test(token) || !new URLSearchParams(token).has('sig')) {
    throw new AzureCredentialsError(
      `${where} is not a SAS token (it has no sig=…): give the part after "?", not a whole URL`,
    );
  }
  return { kind: 'SAS', token };
}
