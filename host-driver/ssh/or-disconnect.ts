/**
 * Ends a connection whose host answers keep-alives but never says whether it opened a channel. Otherwise everything that waits for
 * channels of that host would wait for ever, and pile up. ssh2 has no limit for this.
 */
import type { Client, ClientChannel } from 'ssh2';

/** The process that answers keep-alives is the one that opens channels. After 45 s without it the connection ends anyway. */
const openSeconds = 60;

type Opened = (error: Error | undefined, channel: ClientChannel) => void;

/**
 * For what opens a channel of the client. When the connection ends, ssh2 calls back with an error.
 * @param seconds default 60
 */
export function orDisconnect(
  client: Pick<Client, 'destroy'>,
  opened: Opened,
  seconds: number = openSeconds,
): Opened {
  const timer = setTimeout(() => client.destroy(), seconds * 1000);
  timer.unref();
  return (error, channel) => {
    clearTimeout(timer);
    opened(error, channel);
  };
}
