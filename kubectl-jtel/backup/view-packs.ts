/** Describes the packs of a stack's store in one line: their number, and what the unused ones mean. */
import { formatBytes } from '../../base/bytes.ts';
import type { PackCount } from './pack-count.ts';
import { moment } from '../../base/time.ts';

const mostNamed = 3;

/** @param running names of JtelBackups that run now; some of the unused packs may be theirs */
export function packsLine(
  { count, bytes, unused, unreadable }: PackCount,
  running: readonly string[],
  now: Date,
): string {
  const all = `packs: ${count} of ${formatBytes(bytes)}`;
  const [first] = unreadable;
  if (unused === undefined) {
    const which = unreadable
      .slice(0, mostNamed)
      .map(({ backupID }) => backupID)
      .join(', ');
    const more = unreadable.length > mostNamed ? ` and ${unreadable.length - mostNamed} more` : '';
    return `${all}; the number of unused ones is unknown, because the list of packs of ${which}${more} cannot be read: ${first?.message ?? ''}`;
  }
  if (count === 0) return 'packs: none';
  if (unused.count === 0) return `${all}, each used by a complete backup`;
  const runs = running.length === 0 ? '' : ` (${running.join(', ')})`;
  return (
    `${all}; no complete backup uses ${unused.count} of them (${formatBytes(unused.bytes)}, the newest stored ${moment(unused.newestTime, now)}): ` +
    `interrupted tries left them, or a backup that runs now${runs}. The next try of the same backup uses what it can; ` +
    'the rest stay until the store’s own lifecycle removes them after their retention'
  );
}
