/**
 * Proves that the accounts file of a dump makes accounts and rights, and does nothing else. Only root may make
 * accounts, so this file is the one that the load account does not load.
 */
import { dumpEnd } from '../../backup-format/logical.ts';

/** What a backup writes ({@link ../backup/accounts.ts}). */
const kinds =
  /^((CREATE USER IF NOT EXISTS|CREATE ROLE IF NOT EXISTS|GRANT|SET DEFAULT ROLE) |(SET NAMES utf8mb4|SET time_zone = \?, foreign_key_checks = 0, check_constraint_checks = 0)$)/;
/** What begins another string or a comment, and the one command that the client takes anywhere. */
const foreign = /['"`\\#]|--|\/\*|\bDELIMITER\b/i;
/** Strings and names, whatever they contain, as a server without further modes reads them. */
const quoted = /'(?:[^'\\]|\\.|'')*'|`(?:[^`]|``)*`/gs;

/** @returns the beginning of the first statement that does not belong there; undefined when all do. */
export function strangeStatement(text: string): string | undefined {
  // What was quoted is one character, so that each semicolon ends a statement and each word is SQL.
  const bare = text.slice(0, Math.max(0, text.lastIndexOf(dumpEnd))).replaceAll(quoted, '?');
  return bare
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
    .find(
      (statement) =>
        !kinds.test(statement) ||
        foreign.test(statement) ||
        // It would set the password of an account that is there.
        (statement.startsWith('GRANT ') && /\bIDENTIFIED\b/i.test(statement)),
    )
    ?.slice(0, 60);
}
