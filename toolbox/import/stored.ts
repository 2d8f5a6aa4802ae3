/** Schemas, and views, routines, triggers, events and sequences in them: loaded as a whole, and dropped as a whole. */
import { Readable } from 'node:stream';
import type { Definitions } from '../backup/definitions.ts';
import {
  routinesText,
  schemaText,
  sequencesText,
  triggersAndEventsText,
  viewsText,
} from '../backup/dump-text.ts';
import type { DatabaseClient } from '../database/client.ts';
import { quoteName, type Conversation } from '../database/conversation.ts';
import type { CopiedList } from './copied-list.ts';

type Loader = Pick<DatabaseClient, 'load'>;

/** As an account that may write these schemas only: their words are the old server's. A schema may be there already. */
export async function loadSchemas({ schemas }: Pick<Definitions, 'schemas'>, account: Loader): Promise<void> {
  for (const schema of schemas)
    await loadText(
      `${schemaText(schema)}ALTER DATABASE ${quoteName(schema.name)} COLLATE ${schema.collation};\n`,
      account,
    );
}

export async function loadSequences(definitions: Definitions, account: Loader): Promise<void> {
  for (const { name } of definitions.schemas) {
    const sequences = definitions.sequences.filter(({ table }) => table.schema === name);
    if (sequences.length > 0) await loadText(sequencesText(name, sequences), account);
  }
}

/** @throws {JobError} StatementRefused for something that the new database cannot hold. */
export async function loadCode(definitions: Definitions, account: Loader): Promise<void> {
  const own = <T extends { readonly schema: string }>(all: readonly T[], schema: string): readonly T[] =>
    all.filter((one) => one.schema === schema);
  for (const schema of definitions.schemas)
    await loadText(routinesText(schema, own(definitions.routines, schema.name)), account);
  await loadText(viewsText(definitions.views), account);
  for (const schema of definitions.schemas) {
    const triggers = own(definitions.triggers, schema.name);
    await loadText(triggersAndEventsText(schema, triggers, own(definitions.events, schema.name)), account);
  }
}

async function loadText(text: string, account: Loader): Promise<void> {
  await account.load(Readable.from([Buffer.from(text, 'latin1')]));
}

/**
 * What an earlier try left of the stack's schemas, but the tables that are wanted: all of it is this import's own.
 * Also of schemas that are no longer brought, because nobody would compare what is there.
 */
export async function dropOthers(
  target: Pick<Conversation, 'ask'>,
  list: CopiedList,
  schemas: readonly string[],
  { tables }: Pick<Definitions, 'tables'>,
): Promise<void> {
  await dropCode(target, schemas);
  await list.dropOthers(schemas, tables);
  await dropSequences(target, schemas);
}

/** All code of the schemas; with it nothing works on the data while they are copied. */
export async function dropCode(target: Pick<Conversation, 'ask'>, schemas: readonly string[]): Promise<void> {
  const within = schemas.map((schema) => `'${schema}'`).join(', ');
  const found = await target.ask(
    `SELECT 'EVENT', event_schema, event_name FROM information_schema.events WHERE event_schema IN (${within})
     UNION ALL SELECT 'TRIGGER', trigger_schema, trigger_name FROM information_schema.triggers WHERE trigger_schema IN (${within})
     UNION ALL SELECT 'VIEW', table_schema, table_name FROM information_schema.views WHERE table_schema IN (${within})
     UNION ALL SELECT type, db, name FROM mysql.proc WHERE db IN (${within}) AND type <> 'PACKAGE BODY'`,
  );
  for (const [kind = '', schema = '', name = ''] of found)
    await target.ask(`DROP ${kind} IF EXISTS ${quoteName(schema, name)}`);
}

async function dropSequences(target: Pick<Conversation, 'ask'>, schemas: readonly string[]): Promise<void> {
  const within = schemas.map((schema) => `'${schema}'`).join(', ');
  const found = await target.ask(
    `SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'SEQUENCE' AND table_schema IN (${within})`,
  );
  for (const [schema = '', name = ''] of found)
    await target.ask(`DROP SEQUENCE IF EXISTS ${quoteName(schema, name)}`);
}
