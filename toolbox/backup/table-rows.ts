/**
 * Rows of a table as SQL that the server itself writes: `<NUL>(1<tab>,'text'<tab>)<line feed>`. QUOTE writes
 * a NUL in a value as `\0`, so a NUL begins a row and nothing else does. Unlike the server's own dump tools
 * this keeps FLOAT (they read six digits of it), and binary values take their own length. Bytes are quoted,
 * not characters: that is quicker by half, and in UTF-8 no part of a character looks like what QUOTE escapes.
 * Not REPLACE: its time grows with the square of what it replaces.
 */
import { quoteName } from '../database/conversation.ts';

export interface Column {
  readonly name: string;
  /** `data_type` of information_schema.columns. */
  readonly type: string;
  /** Set for text only. */
  readonly charset: string | undefined;
  readonly isNullable: boolean;
  /** Whether it says when a row of a system-versioned table ended. */
  readonly isRowEnd?: boolean;
  /** A value that is read as another one, both in the words of the server. Only for dates and the like. */
  readonly replaced?: { readonly value: string; readonly by: string };
}

const numbers = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'year']);
const plainTexts = new Set(['date', 'datetime', 'timestamp', 'time', 'uuid', 'inet4', 'inet6']);
/** By number, not by name: the value of something that was no member has no name. */
const numbered = new Set(['enum', 'set', 'bit']);
/** Each of them fits into a packet when its row is read. Several of them in one text would not always. */
const long = new Set(['mediumtext', 'longtext', 'mediumblob', 'longblob']);

/** Begins each row: a zero byte and `(`, as SQL writes them. */
const rowStart = '\\0(';

/**
 * Reads with HIGH_PRIORITY. Where another connection of ours holds the READ lock of a table without
 * transactions, a plain SELECT would wait for ever: it queues behind every writer that waits for that lock.
 * @param withHistory includes rows of a system-versioned table that no longer exist.
 */
export function rowsQuery(table: string, columns: readonly Column[], withHistory: boolean): string {
  const fields = columns.map((column, at) => field(column, at === 0 ? rowStart : ','));
  if (fields.length === 0) fields.push(`'${rowStart}'`);
  return `SELECT HIGH_PRIORITY ${fields.join(',')},')' FROM ${table}${withHistory ? ' FOR SYSTEM_TIME ALL' : ''}`;
}

/**
 * Count and checksum of a table's rows, whatever their order: two servers with the same rows answer the same, whatever
 * their row formats. A sum, because of an exclusive or two equal rows would vanish. A DOUBLE may be -0, which loads as 0
 * and equals it: adding 0 takes the sign away.
 */
export function checksumQuery(table: string, columns: readonly Column[], withHistory: boolean): string {
  const fields = columns.map((column) => {
    const value = field(column, ',', '+0');
    return long.has(column.type) ? `MD5(${value})` : value;
  });
  const row = fields.length === 0 ? "''" : `CONCAT(${fields.join(',')})`;
  return (
    `SELECT HIGH_PRIORITY COUNT(*), IFNULL(SUM(CAST(CONV(LEFT(MD5(${row}), 16), 16, 10) AS UNSIGNED)), 0) ` +
    `FROM ${table}${withHistory ? ' FOR SYSTEM_TIME ALL' : ''}`
  );
}

/** Begins a statement; rows follow. */
export function insertHead(table: string, columns: readonly Column[]): string {
  return `INSERT INTO ${table} (${columns.map(({ name }) => quoteName(name)).join(',')}) VALUES\n`;
}

/** @param plus goes behind values with a floating point. */
function field(
  { name, type, charset, isNullable, replaced }: Column,
  before: string,
  plus: '' | '+0' = '',
): string {
  const column = quoteName(name);
  const value = (expression: string): string =>
    isNullable
      ? `IFNULL(CONCAT('${before}',${expression}),'${before}NULL')`
      : `CONCAT('${before}',${expression})`;
  if (type === 'double') return value(`${column}${plus}`);
  if (numbers.has(type)) return value(column);
  if (numbered.has(type)) return value(`CAST(${column} AS UNSIGNED)`);
  // As text a FLOAT has six digits; a DOUBLE holds all of its values exactly.
  if (type === 'float') return value(`CAST(${column} AS DOUBLE)${plus}`);
  if (plainTexts.has(type)) {
    const read =
      replaced === undefined ? column : `IF(${column}='${replaced.value}','${replaced.by}',${column})`;
    return value(`'''',${read},''''`);
  }
  // QUOTE turns a NULL into the word NULL.
  if (charset !== undefined)
    return `CONCAT('${before}',QUOTE(CONVERT(${charset === 'utf8mb4' ? column : `CONVERT(${column} USING utf8mb4)`} USING binary)))`;
  const binary = `CONCAT('${before}_binary',QUOTE(CAST(${column} AS BINARY)))`;
  return isNullable ? `IF(${column} IS NULL,'${before}NULL',${binary})` : binary;
}
