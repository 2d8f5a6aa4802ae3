/**
 * Ends a connection whose host asks for new keys over and over. It may ask at any time, and each time costs up to 17 ms
 * here, which would leave little for others. sshd asks after a gigabyte or after hours.
 */
import type { Client } from 'ssh2';

const most = 10;
const withinMilliseconds = 60_000;

/** @param now milliseconds; for tests */
export function endAtManyRekeys(
  client: Pick<Client, 'on' | 'destroy'>,
  now: () => number = () => performance.now(),
): void {
  let times: readonly number[] = [];
  // ssh2 tells the end of each key exchange so.
  client.on('handshake', () => {
    times = [...times.filter((time) => time > now() - withinMilliseconds), now()];
    if (times.length > most) client.destroy();
  });
}
