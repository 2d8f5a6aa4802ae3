/** Extended attributes and ACLs on files of tests, by the C library. */
import { closeSync, constants, openSync } from 'node:fs';
import koffi from 'koffi';
import type { Attribute } from '../../../backup-format/record.ts';

const setOf = koffi
  .load('libc.so.6')
  .func('int fsetxattr(int descriptor, const char *name, const void *value, size_t size, int flags)');

/** @throws {Error} when the file system does not accept it. */
export function setAttribute(path: string, { name, value }: Attribute): void {
  const descriptor = openSync(path, constants.O_RDONLY);
  try {
    if (setOf(descriptor, name, value, value.length, 0) !== 0)
      throw new Error(`fsetxattr ${name} of ${path}: errno ${koffi.errno()}`);
  } finally {
    closeSync(descriptor);
  }
}

const everybody = 0xffffffff;
const tags = { owner: 1, user: 2, group: 4, mask: 16, others: 32 } as const;

/**
 * An ACL in the kernel's form. Owner `rwx`, one more user, the owning group, the mask; others may do nothing.
 */
export function aclValue({
  uid,
  user,
  group,
  mask,
}: {
  readonly uid: number;
  readonly user: number;
  readonly group: number;
  readonly mask: number;
}): Buffer {
  const entries = [
    [tags.owner, 7, everybody],
    [tags.user, user, uid],
    [tags.group, group, everybody],
    [tags.mask, mask, everybody],
    [tags.others, 0, everybody],
  ] as const;
  const acl = Buffer.alloc(4 + entries.length * 8);
  acl.writeUInt32LE(2);
  for (const [index, [tag, rights, id]] of entries.entries()) {
    acl.writeUInt16LE(tag, 4 + index * 8);
    acl.writeUInt16LE(rights, 6 + index * 8);
    acl.writeUInt32LE(id, 8 + index * 8);
  }
  return acl;
}
