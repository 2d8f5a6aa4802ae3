/**
 * Limits the bandwidth of a backup whose database is written to. The tool sends pages and redo log through
 * one pipe, and the server writes its log in a circle: while the limit holds the pipe up, the server
 * overwrites log that was not read in time. So the limit holds only while the log has room. When it runs
 * short, the pipe is read freely until the next piece of the log has come. Nothing is buffered for this, in
 * memory or on disk; the limit is passed by about twice what is written.
 * The tool's own --throttle is no help: it counts every small file as a MiB, so a thousand tables at 1 MiB/s
 * would lock their definitions for a quarter of an hour.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { BackupDatabase } from '../../jobs/backup.ts';
import { DatabaseClient } from '../database/client.ts';

/** The rest allows for a slow machine, and for pages that are in the pipe before the log. */
const shareOfLog = 1 / 4;
const lookMilliseconds = 500;
const question = `SELECT variable_value, @@GLOBAL.innodb_log_file_size FROM information_schema.global_status
  WHERE variable_name = 'INNODB_LSN_CURRENT'`;

/** What the server reports about its log. */
export interface RedoLook {
  /** Bytes ever written. */
  readonly position: number;
  readonly capacityBytes: number;
}

/** Whether the log must come through now, judging by what the server wrote since its last piece. Pure. */
export class RedoGuard {
  #piece = -1;
  #positionAtPiece = 0;
  #urgent = true;

  /** Nothing is known before the first look, so the limit does not apply yet. */
  get isUrgent(): boolean {
    return this.#urgent;
  }

  /** @param pieces of the log that have come so far. */
  look(pieces: number, { position, capacityBytes }: RedoLook): void {
    if (pieces !== this.#piece) {
      this.#piece = pieces;
      this.#positionAtPiece = position;
    }
    this.#urgent = position - this.#positionAtPiece > capacityBytes * shareOfLog;
  }

  /** A server that does not answer tells nothing. */
  lost(): void {
    this.#urgent = true;
  }
}

/** Keeps a guard informed until the signal aborts. @param pieces of the log that have come so far. */
export async function watchRedo(
  guard: RedoGuard,
  database: BackupDatabase,
  pieces: () => number,
  signal: AbortSignal,
): Promise<void> {
  try {
    await DatabaseClient.with(database, signal, async (client) => {
      for (;;) {
        const [[position = '', capacity = ''] = []] = await client.query(question);
        const look = { position: Number(position), capacityBytes: Number(capacity) };
        if (look.capacityBytes > 0 && position !== '') guard.look(pieces(), look);
        else guard.lost();
        await delay(lookMilliseconds, undefined, { signal });
      }
    });
  } catch {
    if (!signal.aborted) guard.lost();
  }
}
