/**
 * Extended attributes, ACLs among them, by the C library: Node has no call for them. The functions with `l`
 * do not follow a link at the end of a path.
 */
import { statfsSync } from 'node:fs';
import koffi from 'koffi';
import { isKeptAttribute } from '../../backup-format/attributes.ts';
import type { Attribute } from '../../backup-format/record.ts';

const library = koffi.load('libc.so.6');
const functions = {
  list: library.func('intptr_t llistxattr(const void *path, void *list, size_t size)'),
  get: library.func('intptr_t lgetxattr(const void *path, const void *name, void *value, size_t size)'),
  listOf: library.func('intptr_t flistxattr(int descriptor, void *list, size_t size)'),
  set: library.func(
    'int fsetxattr(int descriptor, const void *name, const void *value, size_t size, int flags)',
  ),
  remove: library.func('int fremovexattr(int descriptor, const void *name)'),
};
const { E2BIG, ENODATA, ENOSPC, ENOTSUP } = koffi.os.errno;
/** A disk with more free space than this is not full. */
const muchRoom = 2 ** 20;

/** The kernel's limits for a list and for a value (XATTR_LIST_MAX, XATTR_SIZE_MAX). */
const room = Buffer.alloc(65_536);
/** Labels that every host's own security module gives its files. */
const labels = new Set([
  'security.selinux',
  'security.ima',
  'security.evm',
  'security.apparmor',
  'security.SMACK64',
]);

export interface FoundAttributes {
  readonly kept: readonly Attribute[];
  /** Other attributes, which no backup keeps. */
  readonly others: boolean;
}

const none: FoundAttributes = { kept: [], others: false };

/**
 * Attributes of the entry itself, sorted by name.
 * @throws {Error} with `code` and `syscall`, like Node's own.
 */
export function readAttributes(path: Buffer): FoundAttributes {
  const terminated = withZero(path);
  const names = namesFrom(functions.list(terminated, room, room.length), 'llistxattr');
  if (names.length === 0) return none;
  const kept: Attribute[] = [];
  for (const name of names.filter((one) => isKeptAttribute(one)).toSorted()) {
    const length = functions.get(
      terminated,
      withZero(Buffer.from(name, 'latin1')),
      room,
      room.length,
    ) as number;
    if (length >= 0) kept.push({ name, value: Buffer.from(room.subarray(0, length)) });
    else if (koffi.errno() !== ENODATA) throw failed('lgetxattr');
  }
  return { kept, others: names.some((name) => !isKeptAttribute(name) && !labels.has(name)) };
}

/**
 * Gives an open file or directory exactly these attributes, of the kinds that backups keep. What it inherited
 * from its directory's ACL goes.
 * @returns those that its file system does not accept.
 */
export function replaceAttributes(descriptor: number, wanted: readonly Attribute[]): readonly Attribute[] {
  const names = namesFrom(functions.listOf(descriptor, room, room.length), 'flistxattr');
  for (const name of names) {
    if (!isKeptAttribute(name) || wanted.some((one) => one.name === name)) continue;
    if (
      functions.remove(descriptor, withZero(Buffer.from(name, 'latin1'))) !== 0 &&
      koffi.errno() !== ENODATA
    )
      throw failed('fremovexattr');
  }
  return wanted.filter(({ name, value }) => {
    if (functions.set(descriptor, withZero(Buffer.from(name, 'latin1')), value, value.length, 0) === 0)
      return false;
    const error = failed('fsetxattr');
    if (!isTooMuch(error.errno, descriptor)) throw error;
    return true;
  });
}

/**
 * The file system has no attributes of that kind, or no more room for them. Some limit the attributes of one
 * entry (ext4 to a block) and then report the same error as a full disk.
 */
function isTooMuch(errno: number, descriptor: number): boolean {
  if (errno === ENOTSUP || errno === E2BIG) return true;
  if (errno !== ENOSPC) return false;
  const { bavail, bsize } = statfsSync(`/proc/self/fd/${descriptor}`);
  return bavail * bsize > muchRoom;
}

function namesFrom(length: unknown, syscall: string): readonly string[] {
  if (typeof length !== 'number' || length < 0) {
    if (koffi.errno() === ENOTSUP) return [];
    throw failed(syscall);
  }
  return length === 0 ? [] : room.toString('latin1', 0, length - 1).split('\0');
}

function withZero(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(1)]);
}

function failed(syscall: string): Error & { readonly errno: number } {
  const errno = koffi.errno();
  const code = Object.entries(koffi.os.errno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`;
  return Object.assign(new Error(`${code}: ${syscall}`), { code, syscall, errno });
}
