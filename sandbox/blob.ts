/**
 * Blob storage: Azurite behind the double (`worm/`) that makes it behave like Azure's Blob service. It has an
 * account for the vendor (releases), one for the customer (backups, immutable), and more customers on
 * request.
 */
import { createHash, createHmac } from 'node:crypto';
import { join } from 'node:path';
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { containerLog, ensureContainer, objectName } from './context.ts';
import type { Outcome, SandboxContext } from './context.ts';
import { addressOf } from './network.ts';
import { blobAccounts, secretFiles } from './secrets.ts';
import type { BlobAccount, SandboxSecrets } from './secrets.ts';
import { nodeImage } from '../kit/base-image.ts';
import { hashDirectory } from '../kit/image.ts';
import { repositoryDirectory, sandboxDirectory } from '../kit/paths.ts';
import { poll } from '../kit/poll.ts';
import { BlobControl } from './worm/control.ts';
import type { BlobFaults } from './worm/control.ts';
import type { ContainerRule, RequestPattern, RequestRecord } from './worm/types.ts';

const blobAlias = 'azurite.sandbox';
const port = 10_000;
const adminPort = 10_001;
const azurite = '/opt/azurite/node_modules/azurite/dist/src/blob/main.js';
/** The blob container that each account starts with. */
const blobContainers: Readonly<Record<BlobAccount, string>> = { vendor: 'releases', customer: 'backups' };
/** The policy that customers set up; see docs/stores.md. */
const retentionDays = 180;
const locked: ContainerRule = { kind: 'Worm', state: 'Locked', days: retentionDays };

export interface BlobAccess {
  /** By address: the same from the machine, from hosts, and from containers on hosts. */
  readonly endpoint: string;
  /** By name, where the sandbox's DNS answers. */
  readonly endpointInNetwork: string;
  readonly account: string;
  /** Base64. */
  readonly key: string;
  readonly connectionString: string;
  /** The blob container; it exists. */
  readonly container: string;
}

/** The accounts of a sandbox, and what a customer, an administrator or bad luck could do to them. */
export class BlobStorage {
  readonly vendor: BlobAccess;
  /** Its container `backups` is immutable for 180 days (Locked) unless {@link policy} sets something else. */
  readonly customer: BlobAccess;
  readonly #address: string;
  readonly #keys: SandboxSecrets['blobKeys'];
  readonly #control: BlobControl;

  constructor(context: SandboxContext, secrets: SandboxSecrets) {
    this.#address = `${context.network.prefix}.${addressOf.blob}`;
    this.#keys = secrets.blobKeys;
    this.#control = new BlobControl(`http://${this.#address}:${adminPort}`);
    this.vendor = this.#access('vendor', secrets.blobKeys.vendor, blobContainers.vendor);
    this.customer = this.#access('customer', secrets.blobKeys.customer, blobContainers.customer);
  }

  /**
   * Requests that will fail. They concern all users of the sandbox, so name account and container in the
   * pattern.
   */
  get faults(): BlobFaults {
    return this.#control.faults;
  }

  /**
   * Another customer's account, with an immutable container `backups`; the first call makes it.
   * @param name 3 to 24 lower-case letters and digits
   */
  async account(name: string): Promise<BlobAccess> {
    const key = createHmac('sha512', this.#keys.customer).update(name).digest('base64');
    await this.#control.addAccount(name, key);
    const access = this.#access(name, key, 'backups');
    if (await createContainer(access)) await this.policy(name, 'backups', locked);
    return access;
  }

  /**
   * Another container in the account of `access`; the first call makes it.
   * @param rule its rule from now on; default: immutable for 180 days
   */
  async container(access: BlobAccess, name: string, rule: ContainerRule = locked): Promise<BlobAccess> {
    const found = { ...access, container: name };
    await createContainer(found);
    await this.policy(access.account, name, rule);
    return found;
  }

  /** Sets a container's rule from now on. No management plane refuses it, not even for a locked policy. */
  policy(account: string, container: string, rule: ContainerRule): Promise<void> {
    return this.#control.policy(account, container, rule);
  }

  /** How far the clock of retention periods is ahead, for all accounts. */
  clock(offsetSeconds: number): Promise<void> {
    return this.#control.clock(offsetSeconds);
  }

  /** All requests to the service, by anybody; at most the last 200,000. */
  requests(pattern?: RequestPattern): Promise<readonly RequestRecord[]> {
    return this.#control.requests(pattern);
  }

  #access(account: string, key: string, container: string): BlobAccess {
    const endpoint = `http://${this.#address}:${port}/${account}`;
    return {
      endpoint,
      endpointInNetwork: `http://${blobAlias}:${port}/${account}`,
      account,
      key,
      connectionString: `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${key};BlobEndpoint=${endpoint};`,
      container,
    };
  }
}

export async function ensureBlobStorage(context: SandboxContext, secrets: SandboxSecrets): Promise<Outcome> {
  const accounts = secretFiles(context.directory).blobAccounts;
  // `npm ci` replaces node_modules and leaves a running Azurite with an empty directory.
  const name = objectName(context.name, 'blob');
  const running = await context.docker.container(name);
  if (
    running?.State.Running &&
    (await context.docker.tryRun(['exec', name, 'test', '-f', azurite])).code !== 0
  ) {
    await context.docker.remove(name);
  }
  const mounts = {
    [join(repositoryDirectory, 'node_modules')]: '/opt/azurite/node_modules',
    [join(repositoryDirectory, 'package.json')]: '/opt/azurite/package.json',
    // The same folders as in the repository, so relative imports work in both.
    [join(sandboxDirectory, 'worm')]: '/opt/azurite/sandbox/worm',
    [join(repositoryDirectory, 'base')]: '/opt/azurite/base',
    [accounts]: '/run/sandbox/blob-accounts',
  };
  const files = ['--azurite', azurite, '--accounts', '/run/sandbox/blob-accounts', '--directory', '/data'];
  const ports = ['--port', String(port), '--admin-port', String(adminPort)];
  const policies = ['--locked', `customer/${blobContainers.customer}=${retentionDays}`];
  const { outcome } = await ensureContainer(context, {
    part: 'blob',
    role: 'blob',
    image: nodeImage,
    address: `${context.network.prefix}.${addressOf.blob}`,
    alias: blobAlias,
    volumes: { blob: '/data' },
    options: [
      '--init',
      ...Object.entries(mounts).flatMap(([source, target]) => [
        '--mount',
        `type=bind,src=${source},dst=${target},readonly`,
      ]),
    ],
    command: ['node', '/opt/azurite/sandbox/worm/main.ts', ...files, ...ports, ...policies],
    inputs: await digestOfDouble(),
  });
  try {
    const storage = new BlobStorage(context, secrets);
    await Promise.all(blobAccounts.map((account) => createContainer(storage[account])));
  } catch (cause) {
    throw new Error(`The blob storage does not come up. It said:\n${await containerLog(context, 'blob')}`, {
      cause,
    });
  }
  return outcome;
}

/** Whether it was new. */
async function createContainer({ endpoint, account, key, container }: BlobAccess): Promise<boolean> {
  const service = new BlobServiceClient(endpoint, new StorageSharedKeyCredential(account, key), {
    retryOptions: { maxTries: 1 },
  });
  let isNew = false;
  await poll(`blob container ${account}/${container}`, 180, async () => {
    isNew = (await service.getContainerClient(container).createIfNotExists()).succeeded;
    return true;
  });
  return isNew;
}

/** A running double is replaced if its code changed. */
async function digestOfDouble(): Promise<string> {
  const digest = createHash('sha256');
  for (const directory of [join(sandboxDirectory, 'worm'), join(repositoryDirectory, 'base')])
    await hashDirectory(digest, directory);
  return digest.digest('hex');
}
