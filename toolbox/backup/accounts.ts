/**
 * Users, roles and their rights, as statements that keep what the new place has: an existing account keeps
 * its password, and root is the new place's own.
 */
import type { Conversation } from '../database/conversation.ts';
import { quoteName, quoteText } from '../database/conversation.ts';
import { loadAccountName } from '../database/load-account.ts';

export interface Accounts {
  readonly statements: readonly string[];
  /** Grants to single tables or routines that are not in the backup, in the server's own words. */
  readonly leftOut: readonly string[];
}

interface Account {
  readonly user: string;
  readonly host: string;
  readonly isRole: boolean;
  readonly defaultRole: string;
}

/**
 * Rights to one object: `ON \`db\`.\`name\``, `ON PROCEDURE \`db\`.\`name\``; `db`.* and *.* need no object.
 */
const onObject =
  /^GRANT .*? ON (?:TABLE |FUNCTION |PROCEDURE |PACKAGE BODY |PACKAGE )?((`(?:[^`]|``)*`)\.(`(?:[^`]|``)*`)) TO /s;

/** @param objects quoted names of all tables, views, sequences and routines of the backup. */
export async function readAccounts(session: Conversation, objects: ReadonlySet<string>): Promise<Accounts> {
  const rows = await session.ask(`SELECT User, Host, is_role, IFNULL(default_role, '') FROM mysql.user
    WHERE User NOT IN ('root', 'mariadb.sys', '${loadAccountName}') ORDER BY is_role = 'Y' DESC, User, Host`);
  const accounts = rows.map(([user = '', host = '', role = '', defaultRole = '']): Account => ({
    user,
    host,
    isRole: role === 'Y',
    defaultRole,
  }));
  const made: string[] = [];
  const granted: string[] = [];
  const defaults: string[] = [];
  const leftOut: string[] = [];
  for (const account of accounts) {
    const name = nameOf(account);
    if (account.isRole) {
      if (account.user !== 'PUBLIC') made.push(`CREATE ROLE IF NOT EXISTS ${name}`);
    } else {
      const [[create = ''] = []] = await session.ask(`SHOW CREATE USER ${name}`);
      made.push(create.replace(/^CREATE USER /, 'CREATE USER IF NOT EXISTS '));
    }
    for (const [grant = ''] of await session.ask(
      `SHOW GRANTS FOR ${account.user === 'PUBLIC' && account.isRole ? 'PUBLIC' : name}`,
    )) {
      if (!grant.startsWith('GRANT ')) continue; // SET DEFAULT ROLE: below
      const object = onObject.exec(grant)?.[1];
      if (object !== undefined && !objects.has(object)) leftOut.push(grant);
      else granted.push(withoutPassword(grant));
    }
    if (account.defaultRole !== '')
      defaults.push(`SET DEFAULT ROLE ${quoteName(account.defaultRole)} FOR ${name}`);
  }
  return { statements: [...made, ...granted, ...defaults], leftOut };
}

function nameOf({ user, host, isRole }: Account): string {
  return isRole ? quoteName(user) : `${quoteText(user)}@${quoteText(host)}`;
}

/**
 * The first grant of an account also carries its password. CREATE USER has set that already if it was wanted.
 */
function withoutPassword(grant: string): string {
  const found =
    /^(GRANT .* ON \*\.\* TO `(?:[^`]|``)*`(?:@`(?:[^`]|``)*`)?) (?:IDENTIFIED|REQUIRE|WITH) /s.exec(grant);
  if (found === null) return grant;
  const rest = grant.slice(found[1]?.length ?? 0).replaceAll(/'(?:[^'\\]|\\.|'')*'/gs, '');
  return `${found[1] ?? ''}${rest.includes('WITH GRANT OPTION') ? ' WITH GRANT OPTION' : ''}`;
}
