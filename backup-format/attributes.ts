/**
 * Attribute parts (format 1.1): what a file tree has and an index of format 1.0 cannot express. They are text
 * like the index, in separate objects, so a reader of 1.0 is not disturbed. docs/backup-format.md explains
 * each record. They may be forged.
 */
import { FormatError } from './schema.ts';
import { escapePath, formatRecord, parseRecord, unescapeBytes } from './index-format.ts';
import type { Attribute, FileRecord, PartHeader } from './record.ts';

/** Extended attribute of an entry. */
interface AttributeRecord extends Attribute {
  readonly type: 'X';
  readonly file: number;
}

/** A further name of a file. */
interface HardLinkRecord {
  readonly type: 'K';
  readonly file: number;
  /** Number of the file's first name: a regular file before it in the index. */
  readonly first: number;
}

/** Last change before 1970. */
interface TimeRecord {
  readonly type: 'T';
  readonly file: number;
  /** Whole seconds since 1970, below 0. */
  readonly mtime: number;
}

/** `F`: a symbolic link that leads out of its tree. An index of format 1.0 must not have one. */
export type ExtraRecord = PartHeader | FileRecord | AttributeRecord | HardLinkRecord | TimeRecord;

/** The ACL of an entry, and the one that new entries of a directory get. */
export const accessACL = 'system.posix_acl_access';
export const defaultACL = 'system.posix_acl_default';

/** The kernel's own limits; they bound the length of a line. */
const longestNameBytes = 255;
const longestValueBytes = 65_536;
const longestLine = 2 * longestValueBytes + 4096;
/** Year 1 to 1969. */
const earliestSeconds = -62_135_596_800;

/**
 * `user.*` and ACLs. Not `trusted.*`, which belongs to programs with all rights; not file capabilities, which
 * like setuid are never restored; not labels of security modules, which belong to the host.
 */
export function isKeptAttribute(name: string): boolean {
  return (name.startsWith('user.') && name.length > 5) || name === accessACL || name === defaultACL;
}

/** The line without its line feed. */
export function formatExtra(record: ExtraRecord): string {
  switch (record.type) {
    case 'X':
      return `X\t${record.file}\t${escapeName(record.name)}\t${record.value.toString('hex') || '-'}`;
    case 'K':
      return `K\t${record.file}\t${record.first}`;
    case 'T':
      return `T\t${record.file}\t${record.mtime}`;
    default:
      return formatRecord(record);
  }
}

/**
 * @param place for messages.
 * @returns undefined for a record of a type that a later 1.x may bring: the reader ignores it.
 * @throws {FormatError}
 */
export function parseExtra(line: string, place: string): ExtraRecord | undefined {
  const fail = (what: string): never => {
    throw new FormatError(`${place}: ${what}`);
  };
  if (line.length > longestLine) fail('the line is too long');
  const type = line.slice(0, line.indexOf('\t'));
  if (!/^[A-Z]$/.test(type)) fail('is no record');
  if (type === 'P' || type === 'E' || type === 'S') fail(`a record of type ${type} belongs into the index`);
  if (type === 'H' || type === 'F') return headerOrLink(line, place, fail);
  if (type !== 'X' && type !== 'K' && type !== 'T') return undefined;
  const [, number = '', second = '', third = '', ...more] = line.split('\t');
  const file = numberOf(number, fail);
  if (more.length > 0 || (type === 'X') !== (third !== ''))
    fail(`a record of type ${type} has too many fields, or too few`);
  if (type === 'X') return { type, file, ...attribute(second, third, fail) };
  if (type === 'K') {
    const first = numberOf(second, fail);
    return first < file ? { type, file, first } : fail('a name of a file comes after its first name');
  }
  const mtime = /^-[1-9]\d{0,11}$/.test(second) ? Number(second) : Number.NaN;
  return mtime >= earliestSeconds ? { type, file, mtime } : fail('field 3 is no time before 1970');
}

function escapeName(name: string): string {
  return escapePath(Buffer.from(name, 'latin1'));
}

function headerOrLink(line: string, place: string, fail: (what: string) => never): PartHeader | FileRecord {
  const record = parseRecord(line, place);
  if (record.type === 'H') return record;
  return record.type === 'F' && record.entry === 'l' ? record : fail('only links stand beside the index');
}

function attribute(escaped: string, hex: string, fail: (what: string) => never): Attribute {
  const name = unescapeBytes(escaped, fail).toString('latin1');
  if (name.length > longestNameBytes || !isKeptAttribute(name))
    fail('an attribute of that name is never restored');
  if (hex !== '-' && !/^([0-9a-f]{2})+$/.test(hex)) fail('field 4 is no value');
  const value = Buffer.from(hex === '-' ? '' : hex, 'hex');
  return value.length <= longestValueBytes ? { name, value } : fail('a value is too long');
}

function numberOf(text: string, fail: (what: string) => never): number {
  const number = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : Number.NaN;
  return number < 2 ** 31 ? number : fail('a file has no such number');
}
