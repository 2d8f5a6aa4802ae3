/**
 * The SQL of a logical backup around its rows; pure. Text is bytes, one character each (latin1). Every file
 * sets the settings that it needs, and checks what it loaded: a load that lost rows, or a sequence's
 * position, ends with an error.
 */
import { dumpEnd } from '../../backup-format/logical.ts';
import { quoteName, quoteText } from '../database/conversation.ts';
import { countQuery } from '../database/tables.ts';
import type { DefinedTable, Definitions, Sequence, Stored } from './definitions.ts';

const lastLine = `${dumpEnd}\n`;
/**
 * Takes values as they are: foreign keys load in any order, checks were made when the rows came, 0 is an
 * ordinary number.
 */
const session =
  "SET NAMES utf8mb4;\nSET time_zone = '+00:00', foreign_key_checks = 0, check_constraint_checks = 0";
/** No value and no engine changes without an error. Dates that MariaDB accepted once are accepted again. */
const strict = 'NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,ALLOW_INVALID_DATES,STRICT_ALL_TABLES';
const lax = 'NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,ALLOW_INVALID_DATES';
/** `system_versioning_insert_history` exists since 10.11. */
const history = 'SET system_versioning_insert_history = 1;\n';

export function schemaText({ create }: { readonly create: string }): string {
  return `${session};\n${create};\n${lastLine}`;
}

/**
 * Goes before the rows. unique_checks stays on: without it MariaDB 10.11 and 11.8 take three times as long to
 * fill an empty table.
 */
export function tableHead(table: DefinedTable): string {
  return (
    `${session}, sql_mode = '${lax}';\nUSE ${quoteName(table.schema)};\n${table.create};\n` +
    `SET autocommit = 0${table.isLax ? '' : `, sql_mode = '${strict}'`};\n${table.hasHistory ? history : ''}`
  );
}

/** @param rows counted while they were read; undefined when they are not in the backup. */
export function tableTail(table: DefinedTable, rows: number | undefined): string {
  const check =
    rows === undefined
      ? ''
      : expect(
          `(${countQuery(table)})`,
          String(rows),
          `table ${table.schema}.${table.name} has %s rows after the load`,
        );
  return `${check}${lastLine}`;
}

export function sequencesText(schema: string, sequences: readonly Sequence[]): string {
  return `${session};\nUSE ${quoteName(schema)};\n${sequences.map(sequenceText).join('')}${lastLine}`;
}

function sequenceText({ table, create, position }: Sequence): string {
  const { next, minimum, maximum, increment, round } = position;
  const isUsedUp = BigInt(next) > BigInt(maximum) || BigInt(next) < BigInt(minimum);
  const last = BigInt(increment) < 0n ? minimum : maximum;
  const set = isUsedUp
    ? `SETVAL(${table.quoted}, ${last}, 1, ${round})`
    : `SETVAL(${table.quoted}, ${next}, 0, ${round})`;
  return `${create};\nDO ${set};\n${expect(`(SELECT next_not_cached_value FROM ${table.quoted})`, next, `sequence ${table.schema}.${table.name} is at %s after the load`)}`;
}

export function routinesText(schema: Definitions['schemas'][number], routines: readonly Stored[]): string {
  return `${session};\nUSE ${quoteName(schema.name)};\n${routines.map((routine) => storedText(routine, schema)).join('')}${lastLine}`;
}

/** The views of all schemas, each after those that it reads. */
export function viewsText(views: readonly Stored[]): string {
  return `${session};\n${inOrder(views)
    .map((view) => storedText(view))
    .join('')}${lastLine}`;
}

export function triggersAndEventsText(
  schema: Definitions['schemas'][number],
  triggers: readonly Stored[],
  events: readonly Stored[],
): string {
  return `${session};\nUSE ${quoteName(schema.name)};\n${[...triggers, ...events].map((stored) => storedText(stored, schema)).join('')}${lastLine}`;
}

export function accountsText(statements: readonly string[]): string {
  return `${session};\n${statements.map((statement) => `${statement};\n`).join('')}${lastLine}`;
}

/**
 * With the settings from when it was given. `SHOW CREATE` returns its bytes in the character set of that
 * client. The collation of the database is not a setting: a statement takes it from the database.
 */
function storedText(stored: Stored, schema?: Definitions['schemas'][number]): string {
  const { create, sqlMode, timeZone, clientCharset, collation, databaseCollation } = stored;
  const settings = [
    `character_set_client = ${clientCharset}`,
    `collation_connection = ${collation}`,
    ...(sqlMode === undefined ? [] : [`sql_mode = ${quoteText(sqlMode)}`]),
    ...(timeZone === undefined ? [] : [`time_zone = ${quoteText(timeZone)}`]),
  ];
  const text = `SET ${settings.join(', ')};\n${delimited(create)}SET character_set_client = utf8mb4, sql_mode = '${lax}';\n`;
  if (schema === undefined || databaseCollation === undefined || databaseCollation === schema.collation)
    return text;
  const alter = (to: string): string => `ALTER DATABASE ${quoteName(schema.name)} COLLATE ${to};\n`;
  return `${alter(databaseCollation)}${text}${alter(schema.collation)}`;
}

/** A statement that contains semicolons. */
function delimited(statement: string): string {
  let delimiter = '$jtel$';
  while (statement.includes(delimiter)) delimiter = `$${delimiter}$`;
  return `DELIMITER ${delimiter}\n${statement}\n${delimiter}\nDELIMITER ;\n`;
}

/** @param what has `%s` where the found text goes. */
function expect(value: string, wanted: string, what: string): string {
  const message = `CONCAT(${quoteText(what).replace('%s', "', found, '")}, ', the backup had ${wanted}')`;
  return delimited(`BEGIN NOT ATOMIC
  DECLARE found DECIMAL(40) DEFAULT ${value};
  DECLARE message TEXT DEFAULT ${message};
  IF found <> ${wanted} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = message; END IF;
END`);
}

/**
 * A view's text holds the full names of what it reads. A name that means something else there only moves the
 * view further back.
 */
function inOrder(views: readonly Stored[]): readonly Stored[] {
  const names = new Map(views.map((view) => [quoteName(view.schema, view.name), view]));
  const done = new Set<Stored>();
  const ordered: Stored[] = [];
  const visit = (view: Stored): void => {
    if (done.has(view)) return;
    done.add(view);
    for (const [name] of view.create.matchAll(/`(?:[^`]|``)*`\.`(?:[^`]|``)*`/g)) {
      const read = names.get(name);
      if (read !== undefined) visit(read);
    }
    ordered.push(view);
  };
  for (const view of views) visit(view);
  return ordered;
}
