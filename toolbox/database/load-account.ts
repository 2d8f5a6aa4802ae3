/**
 * The account that dumps are loaded by: it may write the stack's schemas and nothing else, so the server
 * refuses a line that writes elsewhere. It exists only while a load runs. Its name is always the same, so the
 * next load finds and drops what a killed one left.
 */
import { randomBytes } from 'node:crypto';
import type { DatabaseClient } from './client.ts';
import { withGlobal } from './globals.ts';

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
  root: DatabaseClient,
  schemas: readonly string[],
  work: (account: LoadAccount) => Promise<T>,
): Promise<T> {
  const password = `${randomBytes(24).toString('base64url')}${everyKind}`;
  // In a grant's schema an underscore stands for any character.
  const grants = schemas.map(
    (schema) => `GRANT ALL ON \`${schema.replaceAll('_', '\\_')}\`.* TO ${account};`,
  );
  await root.query(`${drop}\nCREATE USER ${account} IDENTIFIED BY '${password}';\n${grants.join('\n')}`);
  try {
    // Without it only SUPER may make functions and triggers on a server that writes a binary log.
    return await withGlobal(root, 'log_bin_trust_function_creators', 1, () =>
      root.as({ user: loadAccountName, password }, (client) =>
        work({
          client,
          allowDefinitions: async () => {
            await root.query(`GRANT SET USER, SELECT ON *.* TO ${account}`);
          },
        }),
      ),
    );
  } finally {
    await root.query(drop);
  }
}

const drop = `DROP USER IF EXISTS ${account};`;
