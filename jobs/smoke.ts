/** Job `smoke`: what a restored stack answers to the smoke checks of its release. Others judge the answers. */
import {
  distinct,
  integer,
  list,
  object,
  oneOf,
  optional,
  patterns,
  text,
  type Of,
} from '../backup-format/schema.ts';
import { databaseAccess } from './values.ts';

const mostChecks = 32;
const name = text(patterns.setName);

export const smokeJobInput = object({
  type: oneOf(['smoke']),
  /** With queries only. */
  database: optional(databaseAccess),
  queries: distinct(list(object({ name, query: text(/^SELECT [^;\\\n]+$/) }), { most: mostChecks }), byName),
  requests: distinct(
    list(
      object({
        name,
        host: text(/^[a-z0-9-]{1,63}$/),
        port: integer(1, 65_535),
        path: text(/^\/[^\s]*$/),
      }),
      { most: mostChecks },
    ),
    byName,
  ),
});
export type SmokeJobInput = Of<typeof smokeJobInput>;

/** Longest answer and problem that are told, in characters. */
export const longestAnswer = 256;
/** As the stack has it; it may hold any character. */
const words = text(/^/, longestAnswer);

const smokeAnswer = object({
  name,
  /** A status, or the first column of the only row. Absent: there was none, and `problem` says why. */
  answer: optional(words),
  problem: optional(words),
});
export type SmokeAnswer = Of<typeof smokeAnswer>;

export const smokeJobResult = object({ answers: list(smokeAnswer, { most: 2 * mostChecks }) });
export type SmokeJobResult = Of<typeof smokeJobResult>;

function byName({ name: key }: { readonly name: string }): string {
  return key;
}
