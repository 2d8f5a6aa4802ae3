/** Brings together what an index and its attribute parts say of each file: both are in the same order. */
import type { ExtraRecord } from '../../backup-format/attributes.ts';
import { FormatError } from '../../backup-format/schema.ts';
import type { Attribute, FileRecord, PartHeader, WholeRecord } from '../../backup-format/record.ts';
import { optional } from '../../base/optional.ts';

type Extra = Exclude<ExtraRecord, PartHeader>;

export class AttributeCursor {
  readonly #extras: AsyncIterator<Extra>;
  /** A line that was read and is not used yet. */
  #next: Promise<IteratorResult<Extra>> | undefined;

  constructor(extras: AsyncIterator<Extra>) {
    this.#extras = extras;
  }

  /**
   * The file with its attributes, and the links beside the index that come before it.
   * @throws {FormatError}
   */
  async of(
    record: FileRecord,
  ): Promise<{ readonly beside: readonly WholeRecord[]; readonly whole: WholeRecord }> {
    const beside = await this.#besides();
    return { beside, whole: await this.#whole(record) };
  }

  /** Links after the last file of the index. @throws {FormatError} for attributes that belong to no file. */
  async rest(): Promise<readonly WholeRecord[]> {
    const beside = await this.#besides();
    const left = await this.#peek();
    if (left !== undefined)
      throw new FormatError(
        `the attribute parts have attributes of file ${left.file}, which the index does not have there`,
      );
    return beside;
  }

  async #besides(): Promise<readonly WholeRecord[]> {
    const found: WholeRecord[] = [];
    for (let extra = await this.#peek(); extra?.type === 'F'; extra = await this.#peek()) {
      this.#next = undefined;
      found.push({ ...(await this.#whole(extra)), isBeside: true });
    }
    return found;
  }

  async #whole(record: FileRecord): Promise<WholeRecord> {
    const attributes: Attribute[] = [];
    let { mtime } = record;
    let first: number | undefined;
    for (
      let extra = await this.#peek();
      extra !== undefined && extra.type !== 'F' && extra.file === record.file;
      extra = await this.#peek()
    ) {
      this.#next = undefined;
      if (extra.type === 'X') attributes.push({ name: extra.name, value: extra.value });
      else if (extra.type === 'T') ({ mtime } = extra);
      else if (record.entry !== 'f' || first !== undefined)
        throw new FormatError(`file ${record.file} cannot be another name of file ${extra.first}`);
      else ({ first } = extra);
    }
    return { ...record, mtime, attributes, ...optional({ first }) };
  }

  async #peek(): Promise<Extra | undefined> {
    this.#next ??= this.#extras.next();
    const { done, value } = await this.#next;
    return done === true ? undefined : value;
  }
}
