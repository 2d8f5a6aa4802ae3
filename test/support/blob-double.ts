/**
 * The sandbox's blob double with an Azurite of its own, on free ports: a vendor's and customers' accounts,
 * policies, faults.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import type { AzureCredentials, AzureLocation } from '../../blob-store/azure/credentials.ts';
import { BlobControl } from '../../sandbox/worm/control.ts';
import { startDouble } from '../../sandbox/worm/start.ts';
import type { ContainerRule } from '../../sandbox/worm/types.ts';
import { freePort } from './azurite.ts';
import { optional } from '../../base/optional.ts';

export interface TestAccount {
  readonly endpoint: string;
  readonly accountName: string;
  readonly accountKey: string;
  readonly credentials: AzureCredentials;
  readonly sharedKey: StorageSharedKeyCredential;
  /** Makes the container, under this rule if one is given. */
  location(
    container: string,
    options?: { readonly prefix?: string; readonly rule?: ContainerRule },
  ): Promise<AzureLocation>;
}

export interface TestDouble extends AsyncDisposable {
  readonly control: BlobControl;
  readonly vendor: TestAccount;
  readonly customer: TestAccount;
  /** Another double, made while the first one runs. */
  addAccount(name: string): Promise<TestAccount>;
}

export const locked: ContainerRule = { kind: 'Worm', state: 'Locked', days: 180 };

export async function startBlobDouble(): Promise<TestDouble> {
  const [port, adminPort, azuritePort] = [await freePort(), await freePort(), await freePort()];
  const azurite = new URL('../../node_modules/azurite/dist/src/blob/main.js', import.meta.url).pathname;
  const accounts = { vendor: keyOf('vendor'), customer: keyOf('customer') };
  const directory = await mkdtemp(join(tmpdir(), 'blob-double-'));
  const double = await startDouble({
    azurite,
    host: '127.0.0.1',
    port,
    adminPort,
    azuritePort,
    accounts,
    directory,
  });
  const control = new BlobControl(`http://127.0.0.1:${adminPort}`);
  const account = (name: string): TestAccount =>
    testAccount(control, `http://127.0.0.1:${port}/${name}`, name);
  return {
    control,
    vendor: account('vendor'),
    customer: account('customer'),
    addAccount: async (name) => {
      await control.addAccount(name, keyOf(name));
      return account(name);
    },
    [Symbol.asyncDispose]: async () => {
      await double.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function keyOf(name: string): string {
  return Buffer.from(`key of ${name}, for tests only`).toString('base64');
}

function testAccount(control: BlobControl, endpoint: string, accountName: string): TestAccount {
  const accountKey = keyOf(accountName);
  const sharedKey = new StorageSharedKeyCredential(accountName, accountKey);
  return {
    endpoint,
    accountName,
    accountKey,
    credentials: { kind: 'AccountKey', accountName, accountKey },
    sharedKey,
    location: async (container, { prefix, rule } = {}) => {
      await new ContainerClient(`${endpoint}/${container}`, sharedKey).createIfNotExists();
      if (rule !== undefined) await control.policy(accountName, container, rule);
      return { endpoint, container, ...optional({ prefix }) };
    },
  };
}
