/**
 * The old database, over its own protocol. It is only read. Its errors become sentences that say which database
 * they are about and what to do there.
 */
import { optional } from '../../base/optional.ts';
import type { ImportSource } from '../../jobs/import.ts';
import type { JobErrorReason } from '../../jobs/job.ts';
import { setup } from '../backup/logical.ts';
import { DatabaseClient } from '../database/client.ts';
import { Conversation } from '../database/conversation.ts';
import { JobError } from '../job-error.ts';
import { startPulse } from './pulse.ts';

export type SourceSession = Pick<Conversation, 'ask' | 'stream'>;

/** What reads from the old server; sessions end with {@link withSource}. */
export interface Source {
  readonly begin: (more?: string, form?: 'Escaped' | 'Raw') => Promise<SourceSession>;
}

/** What reading needs, of all schemas: some of it is kept in the schema mysql. */
const neededRights = ['SELECT', 'SHOW VIEW', 'TRIGGER', 'EVENT', 'LOCK TABLES'];
/** Between two pieces of a table's rows, and for an answer to a question that needs no work. */
const longestSilenceSeconds = 600;
/** Sequences and the words for generated columns are as this code reads them since then. */
const oldest = { major: 10, minor: 3 };

/** @throws {JobError} SourceUnreachable, SourceRefused, ImportImpossible */
export async function withSource<T>(
  { host, port, user, password, tls }: ImportSource,
  signal: AbortSignal,
  work: (source: Source) => Promise<T>,
): Promise<T> {
  const where = `the old database at ${host}:${port}`;
  const access = { host, port, user, rootPassword: password, schemas: [], ...optional({ tls }) };
  const sessions: Conversation[] = [];
  const state: { isConnected: boolean; isLost: boolean; stop?: () => void } = {
    isConnected: false,
    isLost: false,
  };
  const told = async <A>(ask: () => Promise<A>): Promise<A> => {
    try {
      return await ask();
    } catch (error) {
      signal.throwIfAborted();
      throw state.isLost ? unanswered(where, error) : sourceError(error, where);
    }
  };
  try {
    return await DatabaseClient.with(access, signal, async (client) => {
      state.isConnected = true;
      await told(async () => {
        const [[version = ''] = []] = await client.query('SELECT VERSION()');
        requireVersion(version, where);
        const held = (await client.query(rightsQuery)).map(([right = '']) => right);
        requireRights(held, user, where);
      });
      const pulse = await told(() => Conversation.begin(client, setup));
      sessions.push(pulse);
      state.stop = startPulse(pulse, longestSilenceSeconds, () => {
        state.isLost = true;
        for (const session of sessions) session.end();
      });
      return await work({
        begin: async (more = '', form = 'Escaped') => {
          const session = await told(() => Conversation.begin(client, `${setup}${more}`, form));
          sessions.push(session);
          return {
            ask: (statements) => told(() => session.ask(statements)),
            stream: (statement, take) =>
              told(() =>
                form === 'Raw' ? flowing(session, where, statement, take) : session.stream(statement, take),
              ),
          };
        },
      });
    });
  } catch (error) {
    throw state.isConnected ? error : sourceError(error, where);
  } finally {
    state.stop?.();
    for (const session of sessions) session.end();
  }
}

/** Rows flow, or the line was cut without a word. */
async function flowing(
  session: Conversation,
  where: string,
  statement: string,
  take: (bytes: Buffer) => void | Promise<void>,
): Promise<number> {
  const line = { isSilent: false };
  const silence = setTimeout(() => {
    line.isSilent = true;
    session.end();
  }, longestSilenceSeconds * 1000);
  try {
    return await session.stream(statement, async (bytes) => {
      await take(bytes);
      silence.refresh();
    });
  } catch (error) {
    throw line.isSilent ? unanswered(where, error) : error;
  } finally {
    clearTimeout(silence);
  }
}

function unanswered(where: string, cause: unknown): JobError {
  return new JobError(
    'SourceUnreachable',
    `${where}: sent nothing for ${longestSilenceSeconds} s, or the line was cut; see that it runs and that this host reaches it`,
    cause,
  );
}

/** Errors of the server by their numbers; what is not here stays what it was. */
const meanings: readonly (readonly [RegExp, JobErrorReason, string])[] = [
  [
    /^ERROR (1045|1698|1130|1129|4151)\b/,
    'SourceRefused',
    'correct user and password in the Secret, or let the account in from this host',
  ],
  [/^ERROR (1044|1142|1143|1227|1370)\b/, 'SourceRefused', 'grant the account that right'],
  [
    /^ERROR (1205|1213)\b/,
    'SourceInUse',
    'somebody still works with its tables: stop the old installation, but not its database',
  ],
  [
    /^ERROR (2002|2003|2005|2006|2013|1927|1053)\b/,
    'SourceUnreachable',
    'see that it runs and that this host reaches it',
  ],
  [/^ERROR 2026\b/, 'SourceRefused', 'it does not speak TLS as import.database.tls asks for'],
];

/** Only errors of the database itself are told anew. */
export function sourceError(error: unknown, where: string): unknown {
  if (!(error instanceof JobError) || !error.reason.startsWith('Database')) return error;
  const said = /ERROR \d+.*/s.exec(error.message)?.[0] ?? error.message;
  const found = meanings.find(([pattern]) => pattern.test(said));
  const [, reason, advice] = found ?? [undefined, 'DatabaseFailed' as const, undefined];
  const words = said.replaceAll(/\s+/g, ' ').slice(0, 500);
  return new JobError(reason, `${where}: ${words}${advice === undefined ? '' : `; ${advice}`}`, error);
}

/** @throws {JobError} ImportImpossible */
export function requireVersion(version: string, where: string): void {
  const [, major = '0', minor = '0'] = /^(?:5\.5\.5-)?(\d+)\.(\d+)/.exec(version) ?? [];
  const isMariaDB = /mariadb/i.test(version);
  const isNewEnough =
    Number(major) > oldest.major || (Number(major) === oldest.major && Number(minor) >= oldest.minor);
  if (isMariaDB && isNewEnough) return;
  const what = isMariaDB ? `MariaDB ${major}.${minor}` : `MySQL ${major}.${minor}`;
  throw new JobError(
    'ImportImpossible',
    `${where} is ${what}: only MariaDB ${oldest.major}.${oldest.minor} and newer can be imported from; update it, or load a dump of it into such a server first`,
  );
}

const rightsQuery = `SELECT privilege_type FROM information_schema.user_privileges WHERE grantee = CONCAT('''',
  LEFT(CURRENT_USER(), CHAR_LENGTH(CURRENT_USER()) - CHAR_LENGTH(SUBSTRING_INDEX(CURRENT_USER(), '@', -1)) - 1),
  '''@''', SUBSTRING_INDEX(CURRENT_USER(), '@', -1), '''')`;

/** What an account may not see the server leaves out without a word. @throws {JobError} SourceRefused */
export function requireRights(held: readonly string[], user: string, where: string): void {
  const missing = neededRights.filter((right) => !held.includes(right));
  if (missing.length === 0) return;
  throw new JobError(
    'SourceRefused',
    `${where}: account ${user} lacks ${missing.join(', ')}; GRANT ${neededRights.join(', ')} ON *.* to it`,
  );
}
