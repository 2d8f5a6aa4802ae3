/** Words of hosts and of Docker that mean the same trouble, whoever said them. Pure. */
import { HostError } from './host.ts';

/** For a Docker daemon that does not answer although its host does. */
export const hangAdvice =
  'look at the daemon there (systemctl status docker; journalctl -u docker) and restart it if it does not recover; its containers run on ' +
  'meanwhile, and end with it unless its setting live-restore is on';

/**
 * The error of a disk that takes nothing.
 * @param said by whoever failed, perhaps with the places that are full (say_where_full in host-common.sh)
 * @param detail of it, for the message
 * @returns undefined when it speaks of no such thing
 */
export function diskError(
  host: string,
  what: string,
  said: string,
  detail: string,
  cause?: unknown,
): HostError | undefined {
  const why = detail === '' ? '' : ` (${detail})`;
  if (/read-only file system/i.test(said)) {
    const where = places(said, 'read-only');
    const message = `${host} can write nothing${where} for ${what}: the file system is read-only, as after an error of the disk; look at dmesg, repair the disk and mount it for writing`;
    return new HostError('DiskReadOnly', host, `${message}${why}`, cause);
  }
  if (!/no space left on device|disk quota exceeded/i.test(said)) return undefined;
  const inodes = places(said, 'no inodes left');
  const message =
    inodes === ''
      ? `${host} has no disk space left${places(said, 'full')} for ${what}: free some or enlarge the disk`
      : `${host} has no inodes left${inodes} for ${what}: remove small files there`;
  return new HostError('DiskFull', host, `${message}${why}`, cause);
}

function places(said: string, word: string): string {
  const found = said.split('\n').filter((line) => line.startsWith(`${word}: /`));
  const names = found.map((line) => line.slice(word.length + 2).trim());
  return names.length === 0 ? '' : ` on ${names.join(', ')}`;
}
