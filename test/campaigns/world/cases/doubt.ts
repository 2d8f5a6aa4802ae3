/** Backups of a stack that had lost its data, and such as only look as if. */
import assert from 'node:assert/strict';
import { MemoryBlobStore } from '../../../../blob-store/memory.ts';
import { newestGoodBackup } from '../../../../controllers/stores/backup-doubt.ts';
import { trusting } from '../../../support/signing.ts';
import { day, history, identity, type Content } from '../../../support/doubtful-history.ts';
import type { WorldCase } from '../scene.ts';

const { signal } = new AbortController();

/** The days whose backups are doubted, and the backup that counts as the newest good one. */
async function judged(
  days: readonly Content[],
  accepted?: string,
): Promise<{ readonly doubted: readonly number[]; readonly newest: string | undefined }> {
  const store = new MemoryBlobStore();
  const doubts = await history(store, days, accepted);
  const doubted = doubts.flatMap((doubt, index) => (doubt === undefined ? [] : [index + 1]));
  return { doubted, newest: (await newestGoodBackup(trusting(store), identity, accepted, signal)).backupID };
}

const shows = (
  id: 'W3' | 'W28',
  title: string,
  days: readonly Content[],
  expected: Awaited<ReturnType<typeof judged>>,
  accepted?: string,
): WorldCase => ({
  id,
  title,
  needs: 'nothing',
  run: async () => assert.deepEqual(await judged(days, accepted), expected),
});

export const cases: readonly WorldCase[] = [
  shows(
    'W3',
    'two backups without tables are doubted, and the one before them is taken',
    [{}, { tables: 0 }, { tables: 0 }],
    { doubted: [2, 3], newest: day(1) },
  ),
  shows('W3', 'a tree without files is doubted, too', [{}, { files: 0 }], { doubted: [2], newest: day(1) }),
  shows(
    'W3',
    'once somebody accepted them they are taken',
    [{}, { tables: 0 }, { tables: 0 }],
    { doubted: [2], newest: day(3) },
    day(3),
  ),
  shows('W28', 'a change of the method is no shrinking', [{}, { kind: 'Logical', bytes: 300 }], {
    doubted: [],
    newest: day(2),
  }),
  shows('W28', 'two small ones in a row are both told', [{}, { bytes: 300 }, { bytes: 310 }], {
    doubted: [2, 3],
    newest: day(3),
  }),
];
