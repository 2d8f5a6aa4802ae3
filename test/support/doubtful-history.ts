/** Backups of one stack, one a day, each compared with those before as a commit does it. */
import type { Doubt, Manifest } from '../../backup-format/manifest.ts';
import { MemoryBlobStore } from '../../blob-store/memory.ts';
import { comparedWith, doubtOf } from '../../controllers/stores/backup-doubt.ts';
import { trusting } from './signing.ts';
import { storeBackup } from './stored-backup.ts';
import { optional } from '../../base/optional.ts';

const { signal } = new AbortController();
export const identity = 'acme.main';

/** backupID of that day's backup; days count from 1. */
export function day(number: number): string {
  return `202603${String(number).padStart(2, '0')}t020000z-00000a`;
}

export interface Content {
  readonly tables?: number;
  readonly files?: number;
  readonly bytes?: number;
  readonly kind?: 'Physical' | 'Logical';
}

/** The part of a manifest that is compared. */
export function contents({
  tables = 5,
  files = 7,
  bytes = 1000,
  kind = 'Physical',
}: Content): Pick<Manifest, 'dataSets' | 'totals'> {
  const digest = 'a'.repeat(64);
  return {
    // As the job writes it: a count of none is left out.
    dataSets: [
      { name: 'database', kind, bytes: bytes - 100, files: 3, digest, ...(tables === 0 ? {} : { tables }) },
      { name: 'files', kind: 'FileTree', bytes: 100, files, digest },
    ],
    totals: { totalBytes: bytes, storedBytes: 1, packs: 1, uploadedBytes: 1, reusedBytes: 0 },
  };
}

/** @returns the doubt about each */
export async function history(
  store: MemoryBlobStore,
  days: readonly Content[],
  accepted?: string,
): Promise<readonly (Doubt | undefined)[]> {
  const doubts: (Doubt | undefined)[] = [];
  for (const [index, content] of days.entries()) {
    const backupID = day(index + 1);
    const facts = contents(content);
    const doubt = doubtOf(
      facts,
      await comparedWith(trusting(store), { identity, backupID, dataSets: facts.dataSets }, accepted, signal),
    );
    const { packs, storedBytes } = storeBackup(new MemoryBlobStore(), { backupID }).manifest.totals;
    const totals = { ...facts.totals, packs, storedBytes };
    storeBackup(store, {
      backupID,
      change: (manifest) => ({ ...manifest, ...facts, totals, ...optional({ doubt }) }),
    });
    doubts.push(doubt);
  }
  return doubts;
}
