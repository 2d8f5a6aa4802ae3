/** Makes INSERT statements of the rows that {@link ./table-rows.ts} asks the server for. */

const statementBytes = 1024 * 1024;
/** Each commit waits for a disk. */
const statementsInTransaction = 16;
const rowStart = 0;
const comma = 44;

export class RowWriter {
  readonly #write: (bytes: Buffer) => void;
  readonly #head: Buffer;
  /** Length of the statement that is being written; undefined between statements. */
  #bytes: number | undefined;
  #statements = 0;
  #rows = 0;

  /** @param head begins each statement. */
  constructor(head: string, write: (bytes: Buffer) => void) {
    this.#head = Buffer.from(head, 'latin1');
    this.#write = write;
  }

  /** Rows so far. */
  get rows(): number {
    return this.#rows;
  }

  /** @param bytes rows, cut anywhere; they are changed. */
  push(bytes: Buffer): void {
    let from = 0;
    for (let at = bytes.indexOf(rowStart); at >= 0; at = bytes.indexOf(rowStart, at + 1)) {
      this.#rows++;
      if (this.#bytes !== undefined && this.#bytes + at - from < statementBytes) {
        bytes[at] = comma;
        continue;
      }
      if (this.#bytes !== undefined) {
        this.#write(bytes.subarray(from, at));
        this.#endStatement();
      }
      this.#write(this.#head);
      this.#bytes = 0;
      from = at + 1;
    }
    if (this.#bytes === undefined) return;
    this.#write(bytes.subarray(from));
    this.#bytes += bytes.length - from;
  }

  end(): void {
    if (this.#bytes !== undefined) this.#endStatement();
    this.#write(Buffer.from('COMMIT;\n'));
  }

  #endStatement(): void {
    this.#bytes = undefined;
    this.#statements++;
    this.#write(Buffer.from(this.#statements % statementsInTransaction === 0 ? ';\nCOMMIT;\n' : ';\n'));
  }
}
