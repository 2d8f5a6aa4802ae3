import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessACL } from '../../backup-format/attributes.ts';
import { aclValue, setAttribute } from '../../test/support/backup/attributes.ts';
import { groupRightsOf } from './acl.ts';
import { readAttributes, replaceAttributes } from './xattr.ts';

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'xattr-'));
});
afterEach(() => rm(path, { recursive: true }));

const mark = { name: 'user.mark', value: Buffer.from([0, 255]) };

function replaced(
  at: string,
  wanted: Parameters<typeof replaceAttributes>[1],
): ReturnType<typeof replaceAttributes> {
  const descriptor = openSync(at, 'r');
  try {
    return replaceAttributes(descriptor, wanted);
  } finally {
    closeSync(descriptor);
  }
}

describe('attributes', () => {
  it('are those that were set, and no others', () => {
    setAttribute(path, { name: 'user.old', value: Buffer.from('x') });
    expect(replaced(path, [mark])).toEqual([]);
    expect(readAttributes(Buffer.from(path))).toEqual({ kept: [mark], others: false });
  });

  it('are those of a link itself, which has none', async () => {
    setAttribute(path, mark);
    await symlink(path, join(path, 'link'));
    expect(readAttributes(Buffer.from(join(path, 'link')))).toEqual({ kept: [], others: false });
  });

  it('that no backup keeps are seen', () => {
    setAttribute(path, { name: 'trusted.mark', value: Buffer.from('x') });
    expect(readAttributes(Buffer.from(path))).toEqual({ kept: [], others: true });
  });

  it('that a file system does not take are told', () => {
    expect(replaced('/proc/self/status', [mark])).toEqual([mark]);
  });

  // ext4 has room for one block of them, XFS for 64 KiB. So what another file system held may be too much
  // here.
  it.each([5000, 65_536])('of %i bytes are there afterwards, or told', async (bytes) => {
    const file = join(path, 'file');
    await writeFile(file, '');
    const large = { name: 'user.large', value: Buffer.alloc(bytes, 'x') };
    expect([...replaced(file, [large]), ...readAttributes(Buffer.from(file)).kept]).toEqual([large]);
  });

  it('of what is not there fail with its code', () => {
    expect(() => readAttributes(Buffer.from(join(path, 'none')))).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });
});

it.each([
  ['nothing that the mask forbids', { uid: 1, user: 7, group: 6, mask: 4 }, 4],
  ['nothing when only others in the ACL may', { uid: 1, user: 7, group: 0, mask: 7 }, 0],
])('the owning group of an ACL has %s', (_what, acl, rights) => {
  expect(groupRightsOf(aclValue(acl))).toBe(rights);
  setAttribute(path, { name: accessACL, value: aclValue(acl) });
  expect(groupRightsOf(readAttributes(Buffer.from(path)).kept[0]?.value ?? Buffer.alloc(0))).toBe(rights);
});
