/**
 * Says whether two file trees are the same without keeping either. It adds up digests over all entries, so
 * the order in which a file system lists them does not matter. A backup job computes the sums, and a check of
 * a restored tree computes them again.
 */
import { hash } from 'node:crypto';
import type { TreeDigests } from './data-set.ts';
import { LinkTable } from './link-table.ts';
import type { Half, Inode, LinkedFile } from './link-table.ts';
import { escapePath } from './record.ts';
import type { Attribute, EntryType } from './record.ts';

/**
 * Permissions that a restore sets: never setuid; setgid only on directories, where it decides the group of
 * new files.
 */
export const keptMode = { f: 0o1777, d: 0o3777, l: 0 } as const;

export interface TreeEntry {
  readonly entry: EntryType;
  readonly path: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly attributes: readonly Attribute[];
  /** Of a file. */
  readonly bytes: number;
  readonly digest: string;
  /** Of a link. */
  readonly target?: Buffer;
  /** For a further name of a file. */
  readonly inode?: Inode;
}

export class TreeDigest {
  readonly #content = new Sum();
  readonly #attributes = new Sum();
  readonly #times = new Sum();
  readonly #links = new LinkTable();

  /**
   * @param number from 1, higher with each call.
   * @returns for a further name of a file, the number of its first name.
   */
  add(number: number, entry: TreeEntry): number | undefined {
    const path = escapePath(entry.path);
    const { mode, uid, gid, attributes, mtime, inode } = entry;
    const values = attributes.map(({ name, value }) => ` ${name}=${value.toString('hex')}`);
    const rights = `${mode & keptMode[entry.entry]} ${uid} ${gid}${values.toSorted().join('')}`;
    if (entry.entry !== 'f') {
      const target = entry.target === undefined ? '' : escapePath(entry.target);
      this.#content.add(`${entry.entry} ${path} ${target}`);
      this.#attributes.add(`${entry.entry} ${path} ${rights}`);
      if (path !== '.') this.#times.add(`${entry.entry} ${path} ${mtime}`);
      return undefined;
    }
    const file: LinkedFile = {
      names: half(path),
      content: half(`${entry.bytes} ${entry.digest}`),
      rights: half(rights),
      time: half(String(mtime)),
    };
    if (inode !== undefined) return this.#links.add(number, inode, file);
    this.#addFile(file);
    return undefined;
  }

  /** Call once, after the last entry. */
  end(): TreeDigests {
    for (const file of this.#links.all()) this.#addFile(file);
    return { content: this.#content.hex(), attributes: this.#attributes.hex(), times: this.#times.hex() };
  }

  #addFile({ names, content, rights, time }: LinkedFile): void {
    this.#content.add(fileText(names, content));
    this.#attributes.add(fileText(names, rights));
    this.#times.add(fileText(names, time));
  }
}

function half(text: string): Half {
  const digest = hash('sha256', text, 'buffer');
  return [digest.readUInt32LE(0), digest.readUInt32LE(4)];
}

function fileText(names: Half, fact: Half): string {
  return `f ${names.join(' ')} ${fact.join(' ')}`;
}

/** Sum of digests, modulo 2^256. */
class Sum {
  readonly #words = new Uint32Array(8);

  add(text: string): void {
    const digest = hash('sha256', text, 'buffer');
    let carry = 0;
    for (let word = 0; word < 8; word++) {
      const sum = (this.#words[word] ?? 0) + digest.readUInt32LE(word * 4) + carry;
      this.#words[word] = sum;
      carry = sum > 0xffffffff ? 1 : 0;
    }
  }

  hex(): string {
    return Buffer.from(this.#words.buffer).toString('hex');
  }
}
