/**
 * Notices that a backup does not move because its connection waits in the server for a lock. It tells since
 * when, and who may have the lock. It never ends or delays anything.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { BackupDatabase } from '../../jobs/backup.ts';
import { DatabaseClient } from '../database/client.ts';
import { JobError } from '../job-error.ts';

const intervalMilliseconds = 5000;
const mostNamed = 3;

/** A connection of the server, as it was seen. */
export interface Seen {
  readonly id: string;
  readonly user: string;
  readonly address: string;
  readonly command: string;
  readonly seconds: number;
  readonly state: string;
  readonly statement: string;
  /** Whether it uses the account of the backup. */
  readonly isOurs: boolean;
  /** How long its transaction has been open; absent without one. */
  readonly transactionSeconds?: number;
}

const question = `SELECT p.id, HEX(p.user), HEX(SUBSTRING_INDEX(p.host, ':', 1)), p.command, COALESCE(p.time, 0), HEX(COALESCE(p.state, '')),
  HEX(COALESCE(LEFT(p.info, 200), '')), p.user = SUBSTRING_INDEX(USER(), '@', 1), COALESCE(UNIX_TIMESTAMP() - UNIX_TIMESTAMP(t.trx_started), -1)
  FROM information_schema.processlist p LEFT JOIN information_schema.innodb_trx t ON t.trx_mysql_thread_id = p.id WHERE p.id <> CONNECTION_ID()`;

export interface Watched {
  /** Grows while the backup moves. */
  readonly moved: () => number;
  /** Undefined when it does not wait, or no longer waits. */
  readonly report: (waits: string | undefined) => void;
}

/**
 * Looks while `work` runs. If the server does not answer, or refuses, nothing is reported; the work goes on.
 */
export async function withLockWatch<T>(
  database: BackupDatabase,
  { moved, report }: Watched,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const until = AbortSignal.any([signal, ended.signal]);
  const watching = watch(database, moved, report, until).catch(() => undefined);
  try {
    return await work();
  } finally {
    ended.abort();
    await watching;
  }
}

async function watch(
  database: BackupDatabase,
  moved: () => number,
  report: Watched['report'],
  signal: AbortSignal,
): Promise<void> {
  for (let last = moved(); ; last = moved()) {
    await delay(intervalMilliseconds, undefined, { signal });
    report(moved() === last ? describeWait(await look(database, signal), new Date()) : undefined);
  }
}

async function look(database: BackupDatabase, signal: AbortSignal): Promise<readonly Seen[]> {
  try {
    return (await DatabaseClient.with(database, signal, (client) => client.query(question))).map(seenOf);
  } catch (error) {
    if (error instanceof JobError) return [];
    throw error;
  }
}

function seenOf(fields: readonly string[]): Seen {
  const [
    id = '',
    user = '',
    address = '',
    command = '',
    seconds = '0',
    state = '',
    statement = '',
    isOurs = '0',
    transaction = '-1',
  ] = fields;
  const text = (hex: string): string => Buffer.from(hex, 'hex').toString('utf8');
  return {
    id,
    user: text(user),
    address: text(address),
    command,
    seconds: Number(seconds),
    state: text(state),
    statement: text(statement),
    isOurs: isOurs === '1',
    ...(Number(transaction) < 0 ? {} : { transactionSeconds: Number(transaction) }),
  };
}

/** A sentence for people; pure. It does not quote statements, because they may hold customers' data. */
export function describeWait(connections: readonly Seen[], now: Date): string | undefined {
  const [waiting] = connections.filter(isWaitingBackup).toSorted((a, b) => b.seconds - a.seconds);
  if (waiting === undefined) return undefined;
  const since = new Date(now.getTime() - waiting.seconds * 1000).toISOString().slice(0, 19);
  const others = connections
    .filter((one) => one.address !== waiting.address && isPossibleHolder(one))
    .toSorted((a, b) => rank(b) - rank(a));
  const named = others.slice(0, mostNamed).map(describeHolder).join(', ');
  const more = others.length > mostNamed ? ` or one of ${others.length - mostNamed} more` : '';
  const whom = named === '' ? 'the server does not show who has it' : `who may have it: ${named}${more}`;
  return `waits since ${since}Z for a lock of the database (${waiting.state}); ${whom}`;
}

function isWaitingBackup({ isOurs, state, statement }: Seen): boolean {
  return isOurs && state.startsWith('Waiting for') && /^\s*(BACKUP|FLUSH|LOCK|SELECT)\b/i.test(statement);
}

function isPossibleHolder({ command, state }: Seen): boolean {
  return ['Query', 'Execute', 'Sleep'].includes(command) && !state.startsWith('Waiting for');
}

/**
 * Working connections come first, then open transactions, then idle ones, which may hold LOCK TABLES. Within
 * each, the longest comes first.
 */
function rank({ command, seconds, transactionSeconds }: Seen): number {
  const kind = command === 'Sleep' ? (transactionSeconds === undefined ? 0 : 1) : 2;
  return kind * 1e9 + Math.max(seconds, transactionSeconds ?? 0);
}

function describeHolder({
  id,
  user,
  address,
  command,
  seconds,
  statement,
  transactionSeconds,
}: Seen): string {
  const [verb] = /^\s*[a-z]+(\s+[a-z]+)?/i.exec(statement) ?? ['a statement'];
  const what =
    command !== 'Sleep'
      ? `${verb.trim().replaceAll(/\s+/g, ' ').toUpperCase()} for ${seconds} s`
      : transactionSeconds === undefined
        ? `idle for ${seconds} s`
        : `with a transaction open for ${transactionSeconds} s`;
  return `connection ${id} of ${printable(user)} from ${printable(address)} (${what})`;
}

function printable(text: string): string {
  return text.replaceAll(/[^\w.:@-]/g, '?').slice(0, 80);
}
