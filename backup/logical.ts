/**
 * Files of a Logical database set. Each is SQL that loads on its own (it begins with `USE`) and ends with a line that begins
 * with {@link dumpEnd}; files are loaded in the order of {@link loadStep}, those of one step in any order and in parallel.
 */

/** Begins the last line of each file; without it the file is not whole. */
export const dumpEnd = '-- Dump completed';

export const logicalParts = ['schema', 'sequences', 'tables', 'routines', 'views', 'triggers-and-events'] as const;
export type LogicalPart = (typeof logicalParts)[number];

/** `jtel/2-tables/calls.sql`, `jtel/4-views.sql`; a slash in a table's name is `%2F`, a percent sign `%25`. */
export function logicalPath(schema: string, part: LogicalPart, table?: string): string {
  const step = `${schema}/${logicalParts.indexOf(part)}-${part}`;
  if (table === undefined) return `${step}.sql`;
  return `${step}/${table.replaceAll('%', '%25').replaceAll('/', '%2F')}.sql`;
}

/** The place in the order of loading, or undefined for what is no such path. */
export function loadStep(path: string): { readonly schema: string; readonly step: number } | undefined {
  const [, schema = '', digit = '', part = ''] = /^([A-Za-z0-9_]{1,64})\/([0-5])-([a-z-]+)(?:\.sql|\/[^/]+\.sql)$/.exec(path) ?? [];
  const step = Number(digit);
  return schema !== '' && logicalParts[step] === part ? { schema, step } : undefined;
}
