/**
 * Which tables were copied whole, and as what: a list in the new database, so that another try goes on where a cut
 * line or a killed job left off. A table that is not in it was copied half, or not at all.
 */
import { createHash } from 'node:crypto';
import type { DefinedTable } from '../backup/definitions.ts';
import type { Conversation } from '../database/conversation.ts';
import { readTables, tablesQuery, type Table } from '../database/tables.ts';

const list = 'jtel_operator.copied_tables';

export class CopiedList {
  readonly #target: Pick<Conversation, 'ask'>;
  readonly #source: string;
  readonly #known = new Map<string, string>();

  private constructor(target: Pick<Conversation, 'ask'>, source: string) {
    this.#target = target;
    this.#source = source;
  }

  /** @param source where the old database is: what was copied from elsewhere does not count. */
  static async open(target: Pick<Conversation, 'ask'>, source: string): Promise<CopiedList> {
    await target.ask(
      `CREATE TABLE IF NOT EXISTS ${list} (name CHAR(64) CHARACTER SET ascii NOT NULL PRIMARY KEY,
       definition CHAR(64) CHARACTER SET ascii NOT NULL) ENGINE = InnoDB`,
    );
    const opened = new CopiedList(target, source);
    for (const [name = '', definition = ''] of await target.ask(`SELECT name, definition FROM ${list}`))
      opened.#known.set(name, definition);
    return opened;
  }

  /** Whether it was copied, and the old database has the same definition now. */
  has({ quoted, create }: DefinedTable): boolean {
    return this.#known.get(digest(quoted)) === this.#definition(create);
  }

  /** Before the copy that is there is replaced. */
  async forget({ quoted }: Pick<Table, 'quoted'>): Promise<void> {
    await this.#forget(digest(quoted));
  }

  /**
   * Drops the tables that the old database does not have (any more). What is not there does not count as copied:
   * the old database may have it again later.
   */
  async dropOthers(schemas: readonly string[], wanted: readonly Pick<Table, 'quoted'>[]): Promise<void> {
    const names = new Set(wanted.map(({ quoted }) => quoted));
    const found = readTables(await this.#target.ask(tablesQuery(schemas)), 'latin1')
      .filter(({ kind }) => kind === 'Table')
      .map(({ quoted }) => quoted);
    const kept = new Set(found.filter((quoted) => names.has(quoted)).map(digest));
    for (const name of this.#known.keys()) if (!kept.has(name)) await this.#forget(name);
    for (const quoted of found)
      if (!names.has(quoted))
        await this.#target.ask(`SET SESSION foreign_key_checks = 0; DROP TABLE IF EXISTS ${quoted}`);
  }

  async add({ quoted, create }: DefinedTable): Promise<void> {
    const [name, definition] = [digest(quoted), this.#definition(create)];
    await this.#target.ask(`REPLACE INTO ${list} VALUES ('${name}', '${definition}')`);
    this.#known.set(name, definition);
  }

  async drop(): Promise<void> {
    await this.#target.ask(`DROP TABLE IF EXISTS ${list}`);
  }

  #definition(create: string): string {
    return digest(`${this.#source} ${create}`);
  }

  async #forget(name: string): Promise<void> {
    if (this.#known.delete(name)) await this.#target.ask(`DELETE FROM ${list} WHERE name = '${name}'`);
  }
}

/** Of bytes that are kept as characters. */
function digest(bytes: string): string {
  return createHash('sha256').update(bytes, 'latin1').digest('hex');
}
