/** What of the old database the new one does not get, and what prevents an import as a whole. */
import { tame } from '../../base/printable.ts';
import { formatBytes } from '../../base/bytes.ts';
import type { ImportRemark } from '../../jobs/import.ts';
import type { Definitions } from '../backup/definitions.ts';
import type { DatabaseClient } from '../database/client.ts';
import { readable } from '../database/conversation.ts';
import { hasRows } from '../database/tables.ts';
import { JobError } from '../job-error.ts';
import type { SourceSession } from './source.ts';

const longestRemark = 400;
/** Of a kind of obstacle, that many are named. */
const mostNamed = 5;
/** Indexes are built anew, and while a large table changes its log needs room, too. */
const spareRoom = 1.2;

/** As the old server tells it. Names are bytes. */
export interface SourceFacts {
  readonly engines: readonly { readonly engine: string; readonly example: string }[];
  readonly collations: readonly string[];
  readonly definers: readonly { readonly account: string; readonly what: string }[];
  readonly accounts: readonly string[];
}

export interface TargetFacts {
  /** In capitals. */
  readonly engines: ReadonlySet<string>;
  /** Those of the source that it lacks. */
  readonly unknownCollations: readonly string[];
  readonly accounts: ReadonlySet<string>;
}

const listed = (schemas: readonly string[]): string => schemas.map((schema) => `'${schema}'`).join(', ');

export async function readSourceFacts(
  session: SourceSession,
  schemas: readonly string[],
): Promise<SourceFacts> {
  const within = listed(schemas);
  const engines = await session.ask(
    `SELECT IFNULL(engine, ''), MIN(CONCAT(table_schema, '.', table_name)) FROM information_schema.tables
     WHERE table_schema IN (${within}) AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') GROUP BY 1`,
  );
  const collations = await session.ask(
    `SELECT default_collation_name FROM information_schema.schemata WHERE schema_name IN (${within})
     UNION SELECT table_collation FROM information_schema.tables WHERE table_schema IN (${within}) AND table_collation IS NOT NULL
     UNION SELECT collation_name FROM information_schema.columns WHERE table_schema IN (${within}) AND collation_name IS NOT NULL`,
  );
  const definers = await session.ask(
    `SELECT definer, CONCAT('view ', table_schema, '.', table_name) FROM information_schema.views WHERE table_schema IN (${within})
     UNION SELECT definer, CONCAT(LOWER(routine_type), ' ', routine_schema, '.', routine_name) FROM information_schema.routines WHERE routine_schema IN (${within})
     UNION SELECT definer, CONCAT('trigger ', trigger_schema, '.', trigger_name) FROM information_schema.triggers WHERE trigger_schema IN (${within})
     UNION SELECT definer, CONCAT('event ', event_schema, '.', event_name) FROM information_schema.events WHERE event_schema IN (${within})
     ORDER BY 1, 2`,
  );
  const accounts = await session.ask(
    `SELECT CONCAT(User, '@', Host) FROM mysql.user WHERE User NOT IN ('', 'root', 'mysql', 'mariadb.sys', 'PUBLIC') ORDER BY 1`,
  );
  return {
    engines: engines.map(([engine = '', example = '']) => ({ engine, example })),
    collations: collations.map(([name = '']) => name),
    definers: definers.map(([account = '', what = '']) => ({ account, what })),
    accounts: accounts.map(([account = '']) => account),
  };
}

export async function readTargetFacts(
  target: Pick<DatabaseClient, 'query'>,
  { collations }: Pick<SourceFacts, 'collations'>,
): Promise<TargetFacts> {
  const engines = await target.query(
    "SELECT UPPER(engine) FROM information_schema.engines WHERE support IN ('YES', 'DEFAULT')",
  );
  const accounts = await target.query("SELECT CONCAT(User, '@', Host) FROM mysql.user");
  const unknownCollations: string[] = [];
  for (const name of collations) if (!(await knows(target, name))) unknownCollations.push(name);
  return {
    engines: new Set(engines.map(([engine = '']) => engine)),
    unknownCollations,
    accounts: new Set(accounts.map(([account = '']) => account)),
  };
}

/** Asked by use: not all names that a server accepts are in its lists. */
async function knows(target: Pick<DatabaseClient, 'query'>, collation: string): Promise<boolean> {
  if (!/^\w+$/.test(collation)) return false;
  try {
    await target.query(`SET collation_connection = '${collation}'`);
    return true;
  } catch (error) {
    if (error instanceof JobError && /ERROR (1273|1115)\b/.test(error.message)) return false;
    throw error;
  }
}

/** @throws {JobError} ImportImpossible, with everything that has to be changed in the old database. */
export function requirePossible(source: SourceFacts, target: TargetFacts): void {
  const engines = source.engines.filter(({ engine }) => !target.engines.has(engine.toUpperCase()));
  const { unknownCollations } = target;
  if (engines.length === 0 && unknownCollations.length === 0) return;
  const named = (names: readonly string[]): string =>
    `${names.slice(0, mostNamed).map(remark).join(', ')}${names.length > mostNamed ? ', …' : ''}`;
  const found = [
    ...(engines.length === 0
      ? []
      : [
          `storage engines that the new one lacks (${named(engines.map(({ engine, example }) => `${engine} of ${example}`))}): ALTER TABLE … ENGINE=InnoDB there`,
        ]),
    ...(unknownCollations.length === 0
      ? []
      : [
          `character sets or collations that the new one lacks (${named(unknownCollations)}): ALTER TABLE … CONVERT TO CHARACTER SET utf8mb4 there`,
        ]),
  ];
  throw new JobError('ImportImpossible', `the old database uses ${found.join('; and ')}. Nothing was loaded`);
}

/** @throws {JobError} ImportImpossible */
export function requireSchemas({ schemas }: Definitions, wanted: readonly string[]): void {
  const missing = wanted.filter((schema) => !schemas.some(({ name }) => name === schema));
  if (missing.length > 0)
    throw new JobError(
      'ImportImpossible',
      `the old database has no schema ${missing.join(', ')}: correct spec.initialData.import.database (address or schemas). Nothing was loaded`,
    );
}

/** @throws {JobError} DiskFull */
export function requireRoom(neededBytes: number, freeBytes: number): void {
  if (neededBytes * spareRoom <= freeBytes) return;
  throw new JobError(
    'DiskFull',
    `the tables that are still to be copied take ${formatBytes(neededBytes)} in the old database, and ${formatBytes(freeBytes)} are free on the host: free some space. Nothing of them was copied`,
  );
}

/** What is listed before the cut. */
export function remarksOf(
  source: SourceFacts,
  target: TargetFacts,
  { tables }: Pick<Definitions, 'tables'>,
  brokenViews: ReadonlySet<string>,
): readonly ImportRemark[] {
  const definers = Map.groupBy(
    source.definers.filter(({ account }) => !target.accounts.has(readable(account))),
    ({ account }) => account,
  );
  return [
    ...source.accounts.map((account) => ({ kind: 'Account', what: remark(account) }) as const),
    ...[...definers].map(([account, all]) => {
      const names = all.slice(0, mostNamed).map(({ what }) => what);
      const more = all.length > mostNamed ? ` and ${all.length - mostNamed} more` : '';
      return { kind: 'Definer', what: remark(`${account}: ${names.join(', ')}${more}`) } as const;
    }),
    ...tables
      .filter((table) => !hasRows(table))
      .map(
        ({ schema, name, engine }) =>
          ({ kind: 'Engine', what: remark(`${schema}.${name} (${engine})`) }) as const,
      ),
    ...[...brokenViews].map((view) => ({ kind: 'View', what: remark(view) }) as const),
  ];
}

function remark(bytes: string): string {
  return tame(readable(bytes)).replaceAll('\n', ' ').slice(0, longestRemark);
}
