/**
 * Files of a Logical database set. Each is SQL that loads on its own (it begins with `USE` if it needs one)
 * and ends with a line that begins with {@link dumpEnd}. They are loaded in the order of {@link loadStep};
 * files of one step in any order and in parallel. Views and accounts are one file for all schemas, because
 * views refer to each other across schemas.
 */

/** Begins the last line of each file; a file without it is not complete. */
export const dumpEnd = '-- Dump completed';

export const logicalParts = [
  'schema',
  'sequences',
  'tables',
  'routines',
  'views',
  'triggers-and-events',
  'accounts',
] as const;
export type LogicalPart = (typeof logicalParts)[number];

/**
 * `jtel/2-tables/calls.sql`, `jtel/3-routines.sql`, `4-views.sql`. In a table's name a slash is `%2F`, a
 * percent sign `%25`, and a dot at its beginning `%2E`, because a shell's `*` would skip it.
 * @param schema undefined for what all schemas share.
 */
export function logicalPath(schema: string | undefined, part: LogicalPart, table?: string): string {
  const step = `${schema === undefined ? '' : `${schema}/`}${logicalParts.indexOf(part)}-${part}`;
  if (table === undefined) return `${step}.sql`;
  return `${step}/${table.replaceAll('%', '%25').replaceAll('/', '%2F').replace(/^\./, '%2E')}.sql`;
}

/**
 * The place in the order of loading; undefined for any other path. A path without a schema concerns all
 * schemas.
 */
export function loadStep(path: string): { readonly schema?: string; readonly step: number } | undefined {
  const shared = /^([46])-(views|accounts)\.sql$/.exec(path);
  if (shared !== null)
    return logicalParts[Number(shared[1])] === shared[2] ? { step: Number(shared[1]) } : undefined;
  const [, schema = '', digit = '', part = ''] =
    /^([A-Za-z0-9_]{1,64})\/([0-5])-([a-z-]+)(?:\.sql|\/[^/]+\.sql)$/.exec(path) ?? [];
  const step = Number(digit);
  return schema !== '' && logicalParts[step] === part ? { schema, step } : undefined;
}
