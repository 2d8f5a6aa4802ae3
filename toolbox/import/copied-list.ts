/**
 * Which tables were copied whole, and as what: a list in the new database, so that another try goes on where a cut
 * line or a killed job left off. A table that is not in it was copied half, or not at all.
 */
import { createHash } from 'node:crypto';
import type { DefinedTable } from '../backup/definitions.ts';
import type { Conversation } from '../database/conversation.ts';

const list = 'jtel_operator.copied_tables';

export class CopiedList {
  readonly #target: Conversation;
  readonly #known = new Map<string, string>();

  private constructor(target: Conversation) {
    this.#target = target;
  }

  static async open(target: Conversation): Promise<CopiedList> {
    await target.ask(
      `CREATE TABLE IF NOT EXISTS ${list} (name CHAR(64) CHARACTER SET ascii NOT NULL PRIMARY KEY,
       definition CHAR(64) CHARACTER SET ascii NOT NULL) ENGINE = InnoDB`,
    );
    const opened = new CopiedList(target);
    for (const [name = '', definition = ''] of await target.ask(`SELECT name, definition FROM ${list}`))
      opened.#known.set(name, definition);
    return opened;
  }

  /** Whether it was copied, and the old database has the same definition now. */
  has({ quoted, create }: DefinedTable): boolean {
    return this.#known.get(digest(quoted)) === digest(create);
  }

  /** Before the copy that is there is replaced. */
  async forget({ quoted }: DefinedTable): Promise<void> {
    const name = digest(quoted);
    if (!this.#known.delete(name)) return;
    await this.#target.ask(`DELETE FROM ${list} WHERE name = '${name}'`);
  }

  async add({ quoted, create }: DefinedTable): Promise<void> {
    const [name, definition] = [digest(quoted), digest(create)];
    await this.#target.ask(`REPLACE INTO ${list} VALUES ('${name}', '${definition}')`);
    this.#known.set(name, definition);
  }

  async drop(): Promise<void> {
    await this.#target.ask(`DROP TABLE IF EXISTS ${list}`);
  }
}

/** Of bytes that are kept as characters. */
function digest(bytes: string): string {
  return createHash('sha256').update(bytes, 'latin1').digest('hex');
}
