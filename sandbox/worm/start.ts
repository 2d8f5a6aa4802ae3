/** A double with its Azurite and its admin port, as one thing that starts and ends. */
import { once } from 'node:events';
import { serveAdmin } from './admin.ts';
import { AzuriteProcess, type Accounts } from './azurite-process.ts';
import { BlobDouble } from './double.ts';
import { Rules } from './rules.ts';
import type { ContainerRule } from './types.ts';
import { optional } from '../../base/optional.ts';

export interface DoubleOptions {
  /** Azurite's `dist/src/blob/main.js`. */
  readonly azurite: string;
  readonly host: string;
  readonly port: number;
  readonly adminPort: number;
  /** For Azurite itself, on 127.0.0.1. */
  readonly azuritePort: number;
  readonly accounts: Accounts;
  /** By `account/container`, as long as nothing else is set. */
  readonly defaults?: Readonly<Record<string, ContainerRule>>;
  /** Where blobs and policies are kept; undefined keeps them in memory. */
  readonly directory?: string;
}

export interface RunningDouble {
  stop(): Promise<void>;
  /** Azurite ended by itself. */
  readonly ended: Promise<never>;
}

export async function startDouble(options: DoubleOptions): Promise<RunningDouble> {
  const { directory, host } = options;
  const azurite = new AzuriteProcess({
    program: options.azurite,
    port: options.azuritePort,
    ...optional({ location: directory }),
  });
  const rules = new Rules(
    options.defaults ?? {},
    directory === undefined ? undefined : `${directory}/double.json`,
  );
  const accounts = (): Accounts => ({ ...options.accounts, ...rules.accounts });
  await azurite.start(accounts());
  const ended = new Promise<never>((_, reject) => {
    azurite.onUnexpectedEnd = (code) => reject(new Error(`Azurite ended with ${code}`));
  });
  ended.catch(() => undefined); // callers who need it await it
  const double = new BlobDouble(options.azuritePort, accounts(), rules);
  const admin = await serveAdmin(double, addAccount, host, options.adminPort);
  await double.listen(host, options.port);

  async function addAccount(name: string, key: string): Promise<void> {
    if (!/^[a-z0-9]{3,24}$/.test(name) || !/^[A-Za-z0-9+/]{16,}={0,2}$/.test(key))
      throw new Error('an account is 3 to 24 lower-case letters and digits, its key base64');
    if (accounts()[name] === key) return;
    rules.addAccount(name, key);
    await double.whilePaused(accounts(), async () => {
      await azurite.stop();
      await azurite.start(accounts());
    });
  }

  return {
    ended,
    stop: async () => {
      admin.closeAllConnections();
      admin.close();
      await once(admin, 'close');
      await double.close();
      await azurite.stop();
    },
  };
}
