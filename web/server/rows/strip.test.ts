import { expect, test } from 'vitest';
import { aBackup } from '../../../controllers/backup/testing.ts';
import type { JtelBackup, JtelBackupStatus } from '../../../crds/index.ts';
import { stackOf } from '../testing.ts';
import { backupStrip } from './strip.ts';

const now = new Date('2026-03-01T23:59:59Z');
/** Exists since 28 days; its schedule keeps ten objects. */
const stack = {
  ...stackOf('acme', 'main'),
  metadata: { ...stackOf('acme', 'main').metadata, creationTimestamp: '2026-02-02T10:00:00Z' },
};
const keeping = (historyLimit: number): typeof stack =>
  ({ ...stack, spec: { ...stack.spec, backup: { historyLimit } } }) as unknown as typeof stack;
const on = (day: string, status: JtelBackupStatus): JtelBackup =>
  aBackup({ startTime: `${day}T02:00:00Z`, ...status }, { trigger: 'Scheduled' });
const done = { phase: 'Completed' } as const;

test('a day has the letter of its best backup', () => {
  const strip = backupStrip(
    keeping(10),
    [
      on('2026-03-01', { phase: 'Running' }),
      on('2026-03-01', done),
      on('2026-02-28', { phase: 'Failed' }),
      on('2026-02-28', done),
      on('2026-02-27', { phase: 'Failed' }),
      on('2026-02-26', { ...done, verification: { state: 'Passed' } }),
      on('2026-02-25', { ...done, verification: { state: 'Failed' } }),
      on('2026-02-24', { ...done, emptied: ['files'] }),
    ],
    now,
  );
  expect(strip).toEqual({ days: '--nnnnnnnnnnnnnnnnnnnnnnddvfor'.slice(-30), lastDay: '2026-03-01' });
});

test('days of which the objects may be gone are not told as days without a backup', () => {
  const backups = [on('2026-03-01', done), on('2026-02-27', done)];
  expect(backupStrip(keeping(2), backups, now).days).toBe(`--${'?'.repeat(25)}ono`);
  expect(backupStrip(keeping(2), [], now).days.slice(2)).toBe('n'.repeat(28));
});
