/**
 * The stream of one page: everything at first, then what changes. It holds no queue, only the number of the
 * changes that the page has (see change-log.ts), and sends the next ones when the page has read the last.
 */
import type { Writable } from 'node:stream';
import type { About, Ended, SignIn, StoreRow, StreamEvents } from '../protocol.ts';
import type { Keys } from './change-log.ts';
import type { Fleet, HeldRow } from './fleet.ts';
import { isSignIn, type Viewer } from './viewer.ts';

export interface StreamOptions {
  readonly fleet: Fleet;
  readonly output: Writable;
  /** What the browser names as the last event that it has. */
  readonly lastEventID: string | undefined;
  readonly about: (viewer: Viewer) => About;
  /** Who looks, asked again while the stream lasts. */
  readonly admit: () => Promise<Viewer | SignIn>;
  readonly times: StreamTimes;
  /** Aborts when the page is gone or the server stops. */
  readonly signal: AbortSignal;
}

export interface StreamTimes {
  /** A comment at least this often, so that proxies and browsers see that the stream lives. */
  readonly heartbeatSeconds: number;
  /** A page that has read nothing for so long is dropped. */
  readonly patienceSeconds: number;
  /** Rights are asked for again after this time. */
  readonly renewSeconds: number;
}

export const usualTimes: StreamTimes = { heartbeatSeconds: 15, patienceSeconds: 60, renewSeconds: 30 };

/** So many rows are in one part of a snapshot. */
const rowsInPart = 100;

/** Ends when the page is gone, the server stops, or the viewer is no longer known. */
export async function stream(options: StreamOptions, first: Viewer): Promise<void> {
  const page = new Page(options);
  const { signal, times, fleet } = options;
  let viewer = first;
  let renewAt = performance.now() + times.renewSeconds * 1000;
  await page.resume(viewer);
  while (!signal.aborted) {
    await page.sendNews(viewer);
    if (fleet.log.position === page.position)
      await happens(
        (happened) => fleet.onceChanged(happened),
        signal,
        Math.min(times.heartbeatSeconds * 1000, renewAt - performance.now()),
      );
    if (signal.aborted) return;
    if (performance.now() >= renewAt) {
      const next = await options.admit();
      renewAt = performance.now() + times.renewSeconds * 1000;
      if (isSignIn(next)) return await page.end({ reason: 'SignIn', message: next.message });
      const isOther = next.rights !== viewer.rights;
      viewer = next;
      if (isOther) await page.sendSnapshot(viewer);
    }
    if (fleet.log.position === page.position) await page.sendHeartbeat();
  }
}

class Page {
  position = 0;
  readonly #options: StreamOptions;

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  /** Continues after what the page has, if that is known and still belongs to what this viewer may see. */
  async resume(viewer: Viewer): Promise<void> {
    const { fleet, lastEventID = '' } = this.#options;
    const [, epoch, rights, number] = /^([0-9a-f]+)\.([\w-]+)\.(\d{1,15})$/.exec(lastEventID) ?? [];
    const position = Number(number);
    const isKnown =
      epoch === fleet.epoch && rights === viewer.rights && fleet.log.since(position) !== undefined;
    // A browser comes back after this time.
    await this.#write('retry: 2000\n\n');
    if (isKnown) this.position = position;
    else await this.sendSnapshot(viewer);
  }

  async sendSnapshot(viewer: Viewer): Promise<void> {
    const { fleet, about } = this.#options;
    // Rows that change meanwhile are sent again afterwards.
    const position = fleet.log.position;
    const stores = [...fleet.rows('stores').values()].filter(({ namespace }) =>
      viewer.sees(namespace, 'stores'),
    );
    const stacks = [...fleet.rows('stacks')]
      .filter(([, { namespace }]) => viewer.sees(namespace, 'stacks'))
      .toSorted(([a, one], [b, other]) => one.urgency - other.urgency || (a < b ? -1 : 1))
      .map(([, row]) => row);
    for (let start = 0; start === 0 || start < stacks.length; start += rowsInPart) {
      const isLast = start + rowsInPart >= stacks.length;
      const rows = stacks.slice(start, start + rowsInPart);
      // An id only at the end: whoever comes back earlier needs everything.
      await this.#send(
        'snapshot',
        object({
          isFirst: String(start === 0),
          isLast: String(isLast),
          ...(start === 0 ? { about: JSON.stringify(about(viewer)) } : {}),
          stacks: array(rows.flatMap((row) => this.#textsOf('stacks', row, viewer))),
          stores: array(start === 0 ? stores.flatMap((row) => this.#textsOf('stores', row, viewer)) : []),
        }),
        isLast ? this.#id(viewer, position) : undefined,
      );
    }
    this.position = position;
  }

  /** What changed since; a snapshot if that is not known. */
  async sendNews(viewer: Viewer): Promise<void> {
    const { fleet, about } = this.#options;
    const { position } = fleet.log;
    if (position === this.position) return;
    const changes = fleet.log.since(this.position);
    if (changes === undefined) return await this.sendSnapshot(viewer);
    const stacks = this.#present('stacks', changes.stacks, viewer);
    const stores = this.#present('stores', changes.stores, viewer);
    const changed = {
      ...(changes.about ? { about: JSON.stringify(about(viewer)) } : {}),
      ...(stacks.rows.length === 0 ? {} : { stacks: array(stacks.rows) }),
      ...(stores.rows.length === 0 ? {} : { stores: array(stores.rows) }),
    };
    const removed = {
      ...(stacks.gone.length === 0 ? {} : { stacks: JSON.stringify(stacks.gone) }),
      ...(stores.gone.length === 0 ? {} : { stores: JSON.stringify(stores.gone) }),
    };
    // Whoever misses the second gets both again.
    const id = this.#id(viewer, position);
    if (Object.keys(removed).length > 0)
      await this.#send('removed', object(removed), Object.keys(changed).length > 0 ? undefined : id);
    if (Object.keys(changed).length > 0) await this.#send('changed', object(changed), id);
    this.position = position;
  }

  async sendHeartbeat(): Promise<void> {
    await this.#write(':\n\n');
  }

  async end(ended: Ended): Promise<void> {
    await this.#send('ended', JSON.stringify(ended), undefined);
  }

  #present(
    kind: 'stacks' | 'stores',
    keys: Keys,
    viewer: Viewer,
  ): { readonly rows: readonly string[]; readonly gone: readonly string[] } {
    const rows: string[] = [];
    const gone: string[] = [];
    for (const [key, namespace] of keys) {
      if (!viewer.sees(namespace, kind)) continue;
      const row = this.#options.fleet.rows(kind).get(key);
      if (row === undefined) gone.push(key);
      else rows.push(...this.#textsOf(kind, row, viewer));
    }
    return { rows, gone };
  }

  /** As much of the row as this viewer may see; nothing if it has gone just now. */
  #textsOf(kind: 'stacks' | 'stores', row: HeldRow, viewer: Viewer): readonly string[] {
    const { namespace, json } = row;
    if (viewer.sees(namespace, 'backups') && viewer.sees(namespace, 'restores')) return [json];
    const bare = kind === 'stores' ? withoutBytes(json) : this.#options.fleet.bareStack(row);
    return bare === undefined ? [] : [bare];
  }

  #id(viewer: Viewer, position: number): string {
    return `${this.#options.fleet.epoch}.${viewer.rights}.${position}`;
  }

  async #send(event: keyof StreamEvents, data: string, id: string | undefined): Promise<void> {
    await this.#write(eventOf(event, data, id));
  }

  /** Waits until the page has read so much that more may come. @throws if it reads nothing for too long. */
  async #write(text: string): Promise<void> {
    const { output, signal, times } = this.#options;
    if (signal.aborted || output.write(text)) return;
    const onceDrained = (happened: () => void): (() => void) => {
      output.once('drain', happened);
      return () => output.off('drain', happened);
    };
    const isRead = await happens(onceDrained, signal, times.patienceSeconds * 1000);
    if (!isRead && !signal.aborted)
      throw new Error(`the page has read nothing for ${times.patienceSeconds} s`);
  }
}

/** @param data JSON, which has no line breaks */
export function eventOf(event: keyof StreamEvents, data: string, id?: string): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`;
}

/**
 * @param listen tells when it happens; returns what ends the listening
 * @returns false if the time or the signal was first
 */
async function happens(
  listen: (happened: () => void) => () => void,
  signal: AbortSignal,
  milliseconds: number,
): Promise<boolean> {
  const ended = Promise.withResolvers<boolean>();
  const end = (): void => ended.resolve(false);
  const unlisten = listen(() => ended.resolve(true));
  const timer = setTimeout(end, Math.max(0, milliseconds));
  signal.addEventListener('abort', end, { once: true });
  try {
    return await ended.promise;
  } finally {
    unlisten();
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}

/** Their sum follows from backups. */
function withoutBytes(json: string): string {
  const { bytes: _, ...row } = JSON.parse(json) as StoreRow;
  return JSON.stringify(row);
}

function array(items: readonly string[]): string {
  return `[${items.join(',')}]`;
}

/** @param properties names of ours → JSON texts */
function object(properties: Readonly<Record<string, string>>): string {
  return `{${Object.entries(properties)
    .map(([name, json]) => `"${name}":${json}`)
    .join(',')}}`;
}
