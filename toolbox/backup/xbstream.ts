/**
 * Reads the stream that `mariadb-backup --stream=xbstream` writes. A sequence of pieces, each with
 * `XBSTCK01`, flags (1 byte: 1 ignorable, 2 rewrite), type (1 byte), path length (4, little-endian), path,
 * and then by type: `P` payload: length (8), offset (8), crc32 (4), bytes; `S` seek: offset (8); `R` rename:
 * length (4) and new path; `D` remove; `E` end of the file. Source: extra/mariabackup/xbstream*.cc of
 * MariaDB, checked with its own mbstream. The crc32 is not computed: stream and reader are one machine, and
 * what is read is hashed anyway.
 */
import { JobError } from '../job-error.ts';

export interface StreamedFile {
  write(bytes: Buffer): void;
  /** Writes zeros that the stream leaves out. */
  zeros(length: number): void;
  end(): void;
  /** Gives the file up: another version of it comes, or it is removed. */
  giveUp(): void;
}

export interface StreamTarget {
  begin(path: string): StreamedFile;
}

interface OpenFile {
  readonly file: StreamedFile;
  /** Where the data ends. */
  end: number;
  /** Where the next data goes; beyond `end` after a seek. */
  position: number;
}

const magic = 'XBSTCK01';
const longestPath = 4096;
const largestGapBytes = 2 ** 36;
const ignorable = 1;
const rewrite = 2;

type State =
  | { readonly want: 'Head' }
  | { readonly want: 'Path'; readonly flags: number; readonly type: string }
  | { readonly want: 'Fields'; readonly flags: number; readonly type: string; readonly path: string }
  | { readonly want: 'NewPath'; readonly path: string }
  | { readonly want: 'Payload'; readonly open: OpenFile | undefined };

/**
 * Give it bytes with {@link push}, then call {@link end}.
 * @throws {JobError} ProducerFailed for anything that is no such stream.
 */
export class XbstreamReader {
  readonly #target: StreamTarget;
  readonly #open = new Map<string, OpenFile>();
  /** Whole files by their current paths. */
  readonly #whole = new Map<string, StreamedFile>();
  #state: State = { want: 'Head' };
  /** Length of the field that is being read, and the bytes of it that came. */
  #needed = magic.length + 6;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #position = 0;

  constructor(target: StreamTarget) {
    this.#target = target;
  }

  /** Whole files; complete after {@link end}. */
  get files(): ReadonlyMap<string, StreamedFile> {
    return this.#whole;
  }

  /**
   * The bytes may be reused by the caller afterwards.
   * @param hasRoom asked before each piece of the stream: many small files can come at once.
   * @returns how many bytes were taken: all, or those before the first piece for which there was no room.
   */
  push(bytes: Buffer, hasRoom: () => boolean = () => true): number {
    let at = 0;
    while (at < bytes.length) {
      if (this.#state.want === 'Head' && this.#pendingBytes === 0 && !hasRoom()) break;
      const part = bytes.subarray(at, at + this.#needed - this.#pendingBytes);
      at += part.length;
      this.#position += part.length;
      if (this.#state.want === 'Payload') this.#payload(this.#state.open, part);
      else this.#field(part);
    }
    return at;
  }

  /** @throws {JobError} when the stream ended in the middle. */
  end(): void {
    if (this.#state.want !== 'Head' || this.#pendingBytes > 0)
      throw this.#wrong('it ends in the middle of a piece');
    const [path] = this.#open.keys();
    if (path !== undefined) throw this.#wrong(`it ends before file ${path} does`);
  }

  #payload(open: OpenFile | undefined, part: Buffer): void {
    this.#needed -= part.length;
    if (open !== undefined) {
      open.file.write(part);
      open.end += part.length;
      open.position = open.end;
    }
    if (this.#needed === 0) this.#expect({ want: 'Head' }, magic.length + 6);
  }

  #field(part: Buffer): void {
    if (part.length < this.#needed) {
      this.#pending.push(Buffer.from(part));
      this.#pendingBytes += part.length;
      if (this.#pendingBytes < this.#needed) return;
    }
    const field = this.#pending.length === 0 ? part : Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#read(field);
  }

  #read(field: Buffer): void {
    const state = this.#state;
    if (state.want === 'Head') {
      if (field.toString('latin1', 0, 8) !== magic) throw this.#wrong('a piece does not begin as it should');
      const flags = field.readUInt8(8);
      const type = String.fromCharCode(field.readUInt8(9));
      if (!'PSRDE'.includes(type) && (flags & ignorable) === 0)
        throw this.#wrong(`a piece has the unknown type ${JSON.stringify(type)}`);
      this.#expect({ want: 'Path', flags, type }, this.#pathLength(field.readUInt32LE(10)));
    } else if (state.want === 'Path') {
      this.#named(state.flags, state.type, this.#checkPath(field));
    } else if (state.want === 'NewPath') {
      if (field.length === 4) this.#expect(state, this.#pathLength(field.readUInt32LE(0)), true);
      else this.#rename(state.path, this.#checkPath(field.subarray(4)));
    } else if (state.want === 'Fields') {
      this.#fields(state.flags, state.type, state.path, field);
    }
  }

  #named(flags: number, type: string, path: string): void {
    if (type === 'E') this.#endOf(path);
    else if (type === 'D') this.#remove(path);
    else if (type === 'R') return this.#expect({ want: 'NewPath', path }, 4);
    else return this.#expect({ want: 'Fields', flags, type, path }, type === 'S' ? 8 : 20);
    return this.#expect({ want: 'Head' }, magic.length + 6);
  }

  #fields(flags: number, type: string, path: string, field: Buffer): void {
    if (type === 'S') {
      this.#opened(flags, path).position = this.#number(field, 0);
      return this.#expect({ want: 'Head' }, magic.length + 6);
    }
    const length = this.#number(field, 0);
    if (type !== 'P')
      return length === 0
        ? this.#expect({ want: 'Head' }, magic.length + 6)
        : this.#expect({ want: 'Payload', open: undefined }, length);
    const open = this.#opened(flags, path);
    const offset = this.#number(field, 8);
    if (offset !== open.position || offset < open.end)
      throw this.#wrong(`file ${path} goes on at ${offset} instead of ${open.position}`);
    if (offset > open.end) {
      if (offset - open.end > largestGapBytes)
        throw this.#wrong(`file ${path} has a hole of ${offset - open.end} bytes`);
      open.file.zeros(offset - open.end);
      open.end = offset;
    }
    if (length === 0) return this.#expect({ want: 'Head' }, magic.length + 6);
    if (offset + length > Number.MAX_SAFE_INTEGER)
      throw this.#wrong(`file ${path} is longer than files can be`);
    return this.#expect({ want: 'Payload', open }, length);
  }

  #opened(flags: number, path: string): OpenFile {
    const known = this.#open.get(path);
    if (known !== undefined) return known;
    const before = this.#whole.get(path);
    if (before !== undefined) {
      if ((flags & rewrite) === 0) throw this.#wrong(`file ${path} comes twice`);
      before.giveUp();
      this.#whole.delete(path);
    }
    const open: OpenFile = { file: this.#target.begin(path), end: 0, position: 0 };
    this.#open.set(path, open);
    return open;
  }

  /** A seek at the end leaves no hole. mbstream does the same. */
  #endOf(path: string): void {
    const { file } = this.#opened(rewrite, path); // an empty file has only its end
    file.end();
    this.#open.delete(path);
    this.#whole.set(path, file);
  }

  #remove(path: string): void {
    const file = this.#whole.get(path);
    if (file === undefined) throw this.#wrong(`file ${path} is removed but was never there`);
    file.giveUp();
    this.#whole.delete(path);
  }

  #rename(from: string, to: string): void {
    const file = this.#whole.get(from);
    if (file === undefined) throw this.#wrong(`file ${from} is renamed but was never there`);
    this.#whole.get(to)?.giveUp();
    this.#whole.delete(from);
    this.#whole.set(to, file);
    this.#expect({ want: 'Head' }, magic.length + 6);
  }

  /** @param more keeps the length field, so that it and the path come together. */
  #expect(state: State, bytes: number, more = false): void {
    this.#state = state;
    this.#needed = bytes;
    if (more) {
      this.#pending = [Buffer.alloc(4)];
      this.#pendingBytes = 4;
      this.#needed += 4;
    }
  }

  #pathLength(length: number): number {
    if (length === 0 || length >= longestPath) throw this.#wrong(`a path has ${length} bytes`);
    return length;
  }

  /** mariadb-backup writes `./db/table.ibd` and `db/table.ibd`. */
  #checkPath(field: Buffer): string {
    const path = field.toString('utf8').replace(/^(\.\/)+/, '');
    const segments = path.split('/');
    if (
      path.includes('\0') ||
      path.includes('\uFFFD') ||
      segments.some((segment) => segment === '' || segment === '.' || segment === '..')
    ) {
      throw this.#wrong(`the path ${JSON.stringify(path.slice(0, 200))} leads out of the data directory`);
    }
    return path;
  }

  #number(field: Buffer, at: number): number {
    const value = field.readBigUInt64LE(at);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.#wrong(`a number is too large: ${value}`);
    return Number(value);
  }

  #wrong(what: string): JobError {
    return new JobError(
      'ProducerFailed',
      `the stream of the database's backup tool is not what it should be at byte ${this.#position}: ${what}`,
    );
  }
}
