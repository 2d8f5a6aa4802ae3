/**
 * One moment of a database for several connections: all writes wait while it is looked at, a second or less.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { DatabaseClient } from '../database/client.ts';
import { Conversation } from '../database/conversation.ts';
import { JobError } from '../job-error.ts';

/** Telephony must not notice. If somebody holds tables for longer than this, we let go and try again. */
const lockWaitSeconds = 10;
const lockAttempts = 6;
const pauseSeconds = 10;
const longestLockSeconds = 30;

export interface Moment<T> {
  readonly found: T;
  /** Coordinates of the binary log; empty without one. */
  readonly position: string;
}

/**
 * @param look begins transactions in other connections and reads definitions in this one; called while all
 * writes wait.
 * @throws {JobError} DatabaseFailed
 */
export async function atOneMoment<T>(
  client: DatabaseClient,
  setup: string,
  signal: AbortSignal,
  look: (lock: Conversation) => Promise<T>,
): Promise<Moment<T>> {
  for (let attempt = 1; ; attempt++) {
    const lock = await Conversation.begin(
      client,
      `${setup}; SET SESSION lock_wait_timeout = ${lockWaitSeconds}`,
    );
    try {
      await lock.ask('FLUSH TABLES WITH READ LOCK');
    } catch (error) {
      lock.end();
      if (attempt === lockAttempts || !String(error).includes('1205')) throw error;
      await delay(pauseSeconds * 1000, undefined, { signal });
      continue;
    }
    // Closing the connection releases the lock, whatever happened.
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      lock.end();
    }, longestLockSeconds * 1000);
    try {
      const found = await look(lock);
      const [file = []] = await lock.ask('SHOW MASTER STATUS');
      const [gtid = []] = await lock.ask("SHOW GLOBAL VARIABLES LIKE 'gtid_binlog_pos'");
      await lock.ask('UNLOCK TABLES');
      return { found, position: [...file.slice(0, 2), gtid[1] ?? ''].join(' ').trim() };
    } catch (error) {
      if (!isLate) throw error;
      throw new JobError(
        'DatabaseFailed',
        `the definitions could not be read within ${longestLockSeconds} s, for which all writes wait`,
        error,
      );
    } finally {
      clearTimeout(late);
      lock.end();
    }
  }
}
