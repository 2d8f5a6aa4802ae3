/** The packs of a stack's store in one line: how many there are, and what is to be thought of those that no backup uses. */
import { readableBytes } from '../../command-line/terminal.ts';
import type { PackCount } from './pack-count.ts';
import { moment } from '../view/time.ts';

const mostNamed = 3;

/**
 * @param running names of JtelBackups that run now: some of the packs that no complete backup uses may be theirs
 */
export function packsLine(
  { count, bytes, unused, unreadable }: PackCount,
  running: readonly string[],
  now: Date,
): string {
  const all = `packs: ${count} of ${readableBytes(bytes)}`;
  const [first] = unreadable;
  if (unused === undefined) {
    const which = unreadable
      .slice(0, mostNamed)
      .map(({ backupID }) => backupID)
      .join(', ');
    const more = unreadable.length > mostNamed ? ` and ${unreadable.length - mostNamed} more` : '';
    return `${all}; how many of them no complete backup uses is not known, because it cannot be read which packs ${which}${more} uses: ${first?.message ?? ''}`;
  }
  if (count === 0) return 'packs: none';
  if (unused.count === 0) return `${all}, each used by a complete backup`;
  const runs = running.length === 0 ? '' : ` (${running.join(', ')})`;
  return (
    `${all}; no complete backup uses ${unused.count} of them (${readableBytes(unused.bytes)}, the newest stored ${moment(unused.newestTime, now)}): ` +
    `left by interrupted tries, or of a backup that is running now${runs}. The next try of the same backup uses what it can of them; ` +
    'the rest stay until the lifecycle of the store itself removes them after their retention'
  );
}
