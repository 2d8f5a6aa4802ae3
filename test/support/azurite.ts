/**
 * Azurite as a child process on a free port, with accounts and containers of the test's own; gone when the
 * test is.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import type { AzureCredentials, AzureLocation } from '../../blob-store/azure/credentials.ts';
import { waitFor } from './wait.ts';
import { optional } from '../../base/optional.ts';

export interface Azurite extends AsyncDisposable {
  readonly endpoint: string;
  readonly accountName: string;
  readonly accountKey: string;
  readonly credentials: AzureCredentials;
  /** Makes the container. */
  location(container: string, prefix?: string): Promise<AzureLocation>;
}

export async function startAzurite(): Promise<Azurite> {
  const [accountName, accountKey] = [
    'vendor',
    Buffer.from('key of the vendor, for tests').toString('base64'),
  ];
  const port = await freePort();
  const program = new URL('../../node_modules/azurite/dist/src/blob/main.js', import.meta.url).pathname;
  const options = [
    '--blobHost',
    '127.0.0.1',
    '--blobPort',
    String(port),
    '--inMemoryPersistence',
    '--skipApiVersionCheck',
    '--silent',
    '--disableTelemetry',
  ];
  const child = spawn(process.execPath, [program, ...options], {
    env: { ...process.env, AZURITE_ACCOUNTS: `${accountName}:${accountKey}` },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const endpoint = `http://127.0.0.1:${port}/${accountName}`;
  await waitFor(
    'Azurite answers',
    async () => {
      if (child.exitCode !== null) throw new Error(`Azurite ended with ${child.exitCode}`);
      return (await fetch(endpoint)).status > 0;
    },
    { timeoutSeconds: 180 },
  );
  return {
    endpoint,
    accountName,
    accountKey,
    credentials: { kind: 'AccountKey', accountName, accountKey },
    location: async (container, prefix) => {
      await new ContainerClient(
        `${endpoint}/${container}`,
        new StorageSharedKeyCredential(accountName, accountKey),
      ).createIfNotExists();
      return { endpoint, container, ...optional({ prefix }) };
    },
    [Symbol.asyncDispose]: async () => await stop(child),
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** Below those that Linux gives to connections, of which a busy machine makes many until somebody listens (ip_local_port_range). */
const ports = { first: 12_000, count: 20_000 };

/** A port that nobody listens at, by chance one of many, so that others who ask get another one. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(ports.first, ports.first + ports.count);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
