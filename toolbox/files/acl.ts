/**
 * The kernel's form of an ACL (linux/posix_acl_xattr.h): version, then entries of tag, rights and id, all
 * little-endian.
 */

const headerBytes = 4;
const entryBytes = 8;
const tags = { group: 0x04, mask: 0x10 } as const;

/** What the owning group may do: its entry, limited by the mask. 0 for anything that is no ACL. */
export function groupRightsOf(acl: Buffer): number {
  let group = 0;
  let mask = 7;
  for (let at = headerBytes; at + entryBytes <= acl.length; at += entryBytes) {
    const rights = acl.readUInt16LE(at + 2);
    if (acl.readUInt16LE(at) === tags.group) group = rights;
    if (acl.readUInt16LE(at) === tags.mask) mask = rights;
  }
  return group & mask & 7;
}
