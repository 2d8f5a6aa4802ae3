/**
 * Azure's management plane, as far as one question goes, and the login before it; over TLS, for Azure's
 * libraries send no token without. Answers as in "Blob Containers - Get"
 * (https://learn.microsoft.com/rest/api/storagerp/blob-containers/get) and "OAuth 2.0 client credentials
 * flow" (https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow).
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { selfSignedCertificate } from '../../controllers/inputs/self-signed.ts';
import type { ContainerRule } from '../../sandbox/worm/types.ts';

const tenantID = '11111111-2222-3333-4444-555555555555';
const clientID = '66666666-7777-8888-9999-000000000000';
const subscriptionID = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';
const token = 'a-token';

export interface ManagementDouble extends AsyncDisposable {
  /** What a store's Secret holds. */
  readonly secret: { readonly tenantID: string; readonly clientID: string; readonly clientSecret: string };
  resourceID(account: string): string;
  /** What is true for a container from now on. One that was never set does not exist. */
  policy(account: string, container: string, rule: ContainerRule): void;
  /** Whether the client has a role on the account; if not, it answers 403. Default true. */
  isAllowed: boolean;
  /** Whether requests are answered at all. */
  isSilent: boolean;
  /** Answers who has logged in instead of the double, if set. */
  instead?: (response: ServerResponse) => void;
  /** `METHOD path`, in the order of arrival. */
  readonly requests: readonly string[];
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Makes this process trust it, and Azure's libraries in this process ask it, until it is disposed of. */
export async function startManagementDouble(): Promise<ManagementDouble> {
  const pem = await selfSignedCertificate('localhost');
  const rules = new Map<string, ContainerRule>();
  const requests: string[] = [];
  const secret = { tenantID, clientID, clientSecret: 'a client secret' };
  const server = createServer({ key: pem, cert: pem }, (request, response) => {
    requests.push(`${request.method} ${new URL(request.url ?? '/', origin()).pathname}`);
    if (double.isSilent) return;
    if (double.instead !== undefined && request.headers.authorization === `Bearer ${token}`)
      return double.instead(response);
    void answerTo(request).then(({ status, body }) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = (): string => `https://localhost:${(server.address() as AddressInfo).port}`;

  async function answerTo(request: IncomingMessage): Promise<Answer> {
    const { pathname, searchParams } = new URL(request.url ?? '/', origin());
    if (pathname === `/${tenantID}/v2.0/.well-known/openid-configuration`)
      return { status: 200, body: openID(origin()) };
    if (pathname === `/${tenantID}/oauth2/v2.0/token`)
      return login(
        new URLSearchParams(Buffer.concat(await request.toArray()).toString()),
        secret.clientSecret,
        origin(),
      );
    if (request.headers.authorization !== `Bearer ${token}`)
      return armError(
        401,
        'AuthenticationFailed',
        "Authentication failed. The 'Authorization' header is missing.",
      );
    if (!searchParams.has('api-version'))
      return armError(
        400,
        'MissingApiVersionParameter',
        'The api-version query parameter (?api-version=) is required for all requests.',
      );
    if (!double.isAllowed)
      return armError(
        403,
        'AuthorizationFailed',
        `The client '${clientID}' does not have authorization to perform action 'Microsoft.Storage/storageAccounts/blobServices/containers/read' over scope '${pathname}' or the scope is invalid.`,
      );
    const [, account = '', container = ''] =
      /\/storageAccounts\/([^/]+)\/blobServices\/default\/containers\/([^/]+)$/.exec(pathname) ?? [];
    const rule = rules.get(`${account}/${container}`);
    return rule === undefined
      ? armError(404, 'ContainerNotFound', 'The specified container does not exist.')
      : { status: 200, body: containerAnswer(pathname, container, rule) };
  }

  const before = {
    ca: getCACertificates('default'),
    AZURE_AUTHORITY_HOST: process.env['AZURE_AUTHORITY_HOST'],
    AZURE_RESOURCE_MANAGER_ENDPOINT: process.env['AZURE_RESOURCE_MANAGER_ENDPOINT'],
  };
  setDefaultCACertificates([...before.ca, pem.slice(pem.indexOf('-----BEGIN CERTIFICATE'))]);
  process.env['AZURE_AUTHORITY_HOST'] = origin();
  process.env['AZURE_RESOURCE_MANAGER_ENDPOINT'] = origin();
  const double: ManagementDouble = {
    secret,
    requests,
    isAllowed: true,
    isSilent: false,
    resourceID: (account) =>
      `/subscriptions/${subscriptionID}/resourceGroups/jtel-backups/providers/Microsoft.Storage/storageAccounts/${account}`,
    policy: (account, container, rule) => void rules.set(`${account}/${container}`, rule),
    [Symbol.asyncDispose]: async () => {
      setDefaultCACertificates(before.ca);
      for (const name of ['AZURE_AUTHORITY_HOST', 'AZURE_RESOURCE_MANAGER_ENDPOINT'] as const) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return double;
}

function openID(origin: string): unknown {
  const base = `${origin}/${tenantID}`;
  return {
    issuer: `${base}/v2.0`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    token_endpoint: `${base}/oauth2/v2.0/token`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
  };
}

function login(form: URLSearchParams, clientSecret: string, origin: string): Answer {
  if (
    form.get('grant_type') !== 'client_credentials' ||
    form.get('client_id') !== clientID ||
    form.get('client_secret') !== clientSecret
  ) {
    return {
      status: 401,
      body: {
        error: 'invalid_client',
        error_description:
          'AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.\r\nTrace ID: 0\r\nCorrelation ID: 0',
      },
    };
  }
  if (form.get('scope')?.split(' ').includes(`${origin}/.default`) !== true)
    return {
      status: 400,
      body: { error: 'invalid_scope', error_description: `AADSTS70011: ${form.get('scope')}` },
    };
  return {
    status: 200,
    body: { token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599, access_token: token },
  };
}

function armError(status: number, code: string, message: string): Answer {
  return { status, body: { error: { code, message } } };
}

function containerAnswer(id: string, name: string, rule: ContainerRule): unknown {
  const policy =
    rule.kind === 'Worm'
      ? {
          immutabilityPolicy: {
            etag: '"8d59f830cb130e5"',
            properties: { immutabilityPeriodSinceCreationInDays: rule.days, state: rule.state },
            updateHistory: [],
          },
        }
      : {};
  return {
    id,
    name,
    type: 'Microsoft.Storage/storageAccounts/blobServices/containers',
    etag: '"0x8D59F81A48C7A4F"',
    properties: {
      ...policy,
      publicAccess: 'None',
      leaseStatus: 'Unlocked',
      leaseState: 'Available',
      lastModifiedTime: '2026-01-01T00:00:00Z',
      hasImmutabilityPolicy: rule.kind === 'Worm',
      hasLegalHold: false,
    },
  };
}
