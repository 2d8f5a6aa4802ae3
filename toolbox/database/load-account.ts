/**
 * The account that dumps are loaded by: it may write the stack's schemas and nothing else, so the server
 * refuses a line that writes elsewhere. It exists only while a load runs. Its name is always the same, so the
 * next load or backup finds and drops what a killed one left.
 */
import { randomBytes } from 'node:crypto';
import type { DatabaseClient } from './client.ts';
import { withGlobal } from './globals.ts';
import { workThen } from './work-then.ts';

/** Backups leave it out. */
export const loadAccountName = 'jtel_operator_load';

const account = `'${loadAccountName}'@'%'`;
/** A server may ask passwords for each kind of character. */
const everyKind = 'aA1-';

export interface LoadAccount {
  /** Connects as the account. */
  readonly client: DatabaseClient;
  /**
   * From now on the account may also define stored code that runs as somebody else (`DEFINER`), and views of
   * what it may not write.
   */
  readonly allowDefinitions: () => Promise<void>;
}

/**
 * Drops the account afterwards, also when `work` fails.
 * @param root a client that may create accounts
 * @param schemas names of letters, digits and underscores; they need not exist
 */
export async function withLoadAccount<T>(
  root: Pick<DatabaseClient, 'query' | 'as'>,
  schemas: readonly string[],
  work: (account: LoadAccount) => Promise<T>,
): Promise<T> {
  const password = `${randomBytes(24).toString('base64url')}${everyKind}`;
  // In a grant's schema an underscore stands for any character.
  const grants = schemas.map(
    (schema) => `GRANT ALL ON \`${schema.replaceAll('_', '\\_')}\`.* TO ${account};`,
  );
  // Else the setting that a killed load left would look as if it had been there before.
  await removeLeftLoadAccount(root);
  await root.query(`CREATE USER ${account} IDENTIFIED BY '${password}';\n${grants.join('\n')}`);
  return await workThen(
    // Without it only SUPER may make functions and triggers on a server that writes a binary log.
    () =>
      withGlobal(root, trust, 1, () =>
        root.as({ user: loadAccountName, password }, (client) =>
          work({
            client,
            allowDefinitions: async () => {
              await root.query(`GRANT SET USER, SELECT ON *.* TO ${account}`);
            },
          }),
        ),
      ),
    () => root.query(drop),
  );
}

/**
 * Removes what a killed load left: the account, and the setting if it was set since the server started. What the
 * server's configuration says stays.
 */
export async function removeLeftLoadAccount(root: Pick<DatabaseClient, 'query'>): Promise<void> {
  const found = await root.query(`SELECT 1 FROM mysql.user WHERE User = '${loadAccountName}'`);
  if (found.length === 0) return;
  const set = await root.query(
    `SELECT 1 FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_NAME = '${trust}' AND GLOBAL_VALUE_ORIGIN = 'SQL'`,
  );
  // The account goes last: it is the sign that the setting may be ours.
  if (set.length > 0) await root.query(`SET GLOBAL ${trust} = 0`);
  await root.query(drop);
}

const trust = 'log_bin_trust_function_creators';
const drop = `DROP USER IF EXISTS ${account};`;
