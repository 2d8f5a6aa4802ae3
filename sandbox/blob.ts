/** Blob storage: Azurite with an account for the vendor (releases) and one for the customer (backups). */
import { join } from 'node:path';
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { containerLog, ensureContainer, objectName } from './context.ts';
import type { Outcome, SandboxContext } from './context.ts';
import { addressOf } from './network.ts';
import { secretFiles } from './secrets.ts';
import type { BlobAccount, SandboxSecrets } from './secrets.ts';
import { nodeImage } from './setup/base-image.ts';
import { repositoryDirectory } from './support/paths.ts';
import { poll } from './support/poll.ts';

const blobAlias = 'azurite.sandbox';
const port = 10_000;
const azurite = '/opt/azurite/node_modules/azurite/dist/src/blob/main.js';
/** The blob container that each account starts with. */
const blobContainers: Readonly<Record<BlobAccount, string>> = { vendor: 'releases', customer: 'backups' };

export interface BlobAccess {
  /** By address: the same from the machine, from hosts, and from containers on hosts. */
  readonly endpoint: string;
  /** By name, where the sandbox's DNS answers. */
  readonly endpointInNetwork: string;
  readonly account: string;
  /** Base64. */
  readonly key: string;
  readonly connectionString: string;
  /** The blob container that `up` made. */
  readonly container: string;
}

export function blobAccess(context: SandboxContext, secrets: SandboxSecrets, account: BlobAccount): BlobAccess {
  const endpoint = `http://${context.network.prefix}.${addressOf.blob}:${port}/${account}`;
  const key = secrets.blobKeys[account];
  return {
    endpoint,
    endpointInNetwork: `http://${blobAlias}:${port}/${account}`,
    account,
    key,
    connectionString: `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${key};BlobEndpoint=${endpoint};`,
    container: blobContainers[account],
  };
}

export async function ensureBlobStorage(context: SandboxContext, secrets: SandboxSecrets): Promise<Outcome> {
  const accounts = secretFiles(context.directory).blobAccounts;
  // A fresh `npm ci` replaces node_modules and leaves a running Azurite with an empty directory.
  const name = objectName(context.name, 'blob');
  const running = await context.docker.container(name);
  if (running?.State.Running && (await context.docker.tryRun(['exec', name, 'test', '-f', azurite])).code !== 0) {
    await context.docker.remove(name);
  }
  const serve = `AZURITE_ACCOUNTS="$(cat /run/sandbox/blob-accounts)" exec node ${azurite}`;
  const flags = `--blobHost 0.0.0.0 --blobPort ${port} --location /data --skipApiVersionCheck --disableTelemetry --silent`;
  const { outcome } = await ensureContainer(context, {
    part: 'blob',
    role: 'blob',
    image: nodeImage,
    address: `${context.network.prefix}.${addressOf.blob}`,
    alias: blobAlias,
    volumes: { blob: '/data' },
    options: [
      ['--init', '--mount', `type=bind,src=${join(repositoryDirectory, 'node_modules')},dst=/opt/azurite/node_modules,readonly`],
      ['--mount', `type=bind,src=${accounts},dst=/run/sandbox/blob-accounts,readonly`],
    ].flat(),
    command: ['sh', '-c', `${serve} ${flags}`],
  });
  try {
    await Promise.all((['vendor', 'customer'] as const).map((account) => createContainer(blobAccess(context, secrets, account))));
  } catch (cause) {
    throw new Error(`Azurite does not come up. It said:\n${await containerLog(context, 'blob')}`, { cause });
  }
  return outcome;
}

async function createContainer({ endpoint, account, key, container }: BlobAccess): Promise<void> {
  const service = new BlobServiceClient(endpoint, new StorageSharedKeyCredential(account, key), { retryOptions: { maxTries: 1 } });
  await poll(`blob container ${account}/${container}`, 60, async () => {
    await service.getContainerClient(container).createIfNotExists();
    return true;
  });
}
