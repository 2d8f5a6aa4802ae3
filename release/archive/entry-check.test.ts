import { describe, expect, test } from 'vitest';
import type { Header } from 'tar-stream';
import { EntryCheck } from './entry-check.ts';

function header(fields: Partial<Header> & { readonly name: string }): Header {
  return {
    size: 0,
    mode: 0o644,
    mtime: new Date(0),
    type: 'file' as const,
    pax: null,
    linkname: '',
    uid: 0,
    gid: 0,
    uname: '',
    gname: '',
    devmajor: 0,
    devminor: 0,
    ...fields,
  };
}

function checkAll(...entries: readonly (Partial<Header> & { readonly name: string })[]): readonly unknown[] {
  const check = new EntryCheck();
  return entries.map((entry) => check.check(header(entry)));
}

describe('entries that are taken', () => {
  test('names lose ./ and double slashes', () => {
    expect(checkAll({ name: './a//b/./c' })).toMatchObject([{ type: 'File', path: 'a/b/c' }]);
  });

  test('setuid and setgid are never kept, sticky is', () => {
    expect(checkAll({ name: 'a', mode: 0o7755 })).toMatchObject([{ mode: 0o1755 }]);
  });

  test('the root itself and a marker from a backup are left out', () => {
    expect(checkAll({ name: './', type: 'directory' }, { name: '.jtel-operator/marker.json' })).toEqual([
      undefined,
      undefined,
    ]);
  });

  test('links that stay inside the tree', () => {
    const [, symbolic, hard] = checkAll(
      { name: 'skins/a/logo.svg' },
      { name: 'skins/b/logo.svg', type: 'symlink', linkname: '../a/logo.svg' },
      { name: 'logo.svg', type: 'link', linkname: './skins/a/logo.svg' },
    );
    expect(symbolic).toMatchObject({ type: 'SymbolicLink', target: '../a/logo.svg' });
    expect(hard).toMatchObject({ type: 'HardLink', target: 'skins/a/logo.svg' });
  });

  test('with the time that the extended header has, before 1970 too', () => {
    expect(checkAll({ name: 'a', pax: { mtime: '-86400.5', atime: '1' } })).toMatchObject([
      { modified: new Date(-86_400_500) },
    ]);
  });

  test('a directory may be named again, as tar does', () => {
    expect(checkAll({ name: 'a/b' }, { name: 'a/', type: 'directory' })).toHaveLength(2);
  });
});

describe('entries that are refused', () => {
  test.each([
    ['an absolute name', [{ name: '/etc/passwd' }]],
    ['.. at the front', [{ name: '../evil' }]],
    ['.. in the middle', [{ name: 'a/../../evil' }]],
    ['an empty name', [{ name: '' }]],
    ['a zero byte', [{ name: 'a\0b' }]],
    ['a name that no file system takes', [{ name: 'x'.repeat(256) }]],
    ['a symbolic link to an absolute path', [{ name: 'a', type: 'symlink', linkname: '/etc' }]],
    ['a symbolic link out of the tree', [{ name: 'a/b', type: 'symlink', linkname: '../../etc' }]],
    ['a symbolic link that goes out and comes back', [{ name: 'a', type: 'symlink', linkname: '../tree/b' }]],
    ['a hard link out of the tree', [{ name: 'a', type: 'link', linkname: '../etc/passwd' }]],
    ['a hard link to what is not in the archive', [{ name: 'a', type: 'link', linkname: 'b' }]],
    [
      'a hard link to a symbolic link',
      [
        { name: 'a', type: 'symlink', linkname: 'b' },
        { name: 'c', type: 'link', linkname: 'a' },
      ],
    ],
    ['a file through a symbolic link', [{ name: 'a', type: 'symlink', linkname: 'b' }, { name: 'a/c' }]],
    [
      'a chain of links that leads out',
      [
        { name: 'a', type: 'symlink', linkname: '.' },
        { name: 'a/b', type: 'symlink', linkname: '..' },
      ],
    ],
    ['a file below a file', [{ name: 'a' }, { name: 'a/b' }]],
    ['a file over a symbolic link', [{ name: 'a', type: 'symlink', linkname: 'b' }, { name: 'a' }]],
    ['a symbolic link over a directory', [{ name: 'a/b' }, { name: 'a', type: 'symlink', linkname: 'c' }]],
    ['the same file twice', [{ name: 'a' }, { name: './a' }]],
    ['a character device', [{ name: 'a', type: 'character-device' }]],
    ['a block device', [{ name: 'a', type: 'block-device' }]],
    ['a pipe', [{ name: 'a', type: 'fifo' }]],
    [
      'a sparse file in posix format',
      [{ name: './GNUSparseFile.1/a', pax: { 'GNU.sparse.major': '1', 'GNU.sparse.name': 'a' } }],
    ],
    ['an extended attribute', [{ name: 'a', pax: { 'SCHILY.xattr.user.mark': 'x' } }]],
    ['an ACL', [{ name: 'a', pax: { 'SCHILY.acl.access': 'user::rw-' } }]],
    ['a name that is not UTF-8', [{ name: 'a\uFFFD' }]],
    ['a link to a name that is not UTF-8', [{ name: 'a', type: 'symlink', linkname: 'b\uFFFD' }]],
  ] as const)('%s', (_what, entries) => {
    expect(() => checkAll(...entries)).toThrow(/is refused/);
  });
});
