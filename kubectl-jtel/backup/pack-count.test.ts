import { describe, expect, it } from 'vitest';
import type { BlobProperties } from '../../blob-store/blob-store.ts';
import { countPacks } from './pack-count.ts';

function aPack(name: string, createdTime = '2026-03-01T02:00:00.000Z'): BlobProperties {
  return { name, bytes: 100, createdTime };
}

describe('packs', () => {
  it('that several backups share are there once', async () => {
    expect(await countPacks([aPack('a'), aPack('b')], new Set(['a', 'b']), [])).toEqual({
      count: 2,
      bytes: 200,
      unused: { count: 0, bytes: 0 },
      unreadable: [],
    });
  });

  it('that no complete backup uses are counted, with the time of the newest', async () => {
    const packs = [
      aPack('a', '2026-03-09T02:00:00.000Z'),
      aPack('b', '2026-03-02T02:00:00.000Z'),
      aPack('c', '2026-03-03T02:00:00.000Z'),
      aPack('d'),
    ];
    const { unused } = await countPacks(packs, new Set(['a']), []);
    expect(unused).toEqual({ count: 3, bytes: 300, newestTime: '2026-03-03T02:00:00.000Z' });
  });

  it('that a list names and the store lacks are nobody’s surplus', async () => {
    expect(await countPacks([aPack('a')], new Set(['a', 'gone']), [])).toMatchObject({
      count: 1,
      unused: { count: 0 },
    });
  });

  it('are not called unused while a backup does not say which it uses', async () => {
    const unreadable = [{ backupID: '20260301t020000z-00000a', message: 'its list of packs is missing' }];
    expect(await countPacks([aPack('a'), aPack('b')], new Set(['a']), unreadable)).toEqual({
      count: 2,
      bytes: 200,
      unreadable,
    });
  });

  it('where there are none are none', async () => {
    expect(await countPacks([], new Set(), [])).toEqual({
      count: 0,
      bytes: 0,
      unused: { count: 0, bytes: 0 },
      unreadable: [],
    });
  });
});
