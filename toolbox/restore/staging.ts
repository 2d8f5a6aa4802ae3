/**
 * The memory of a restore, kept in the volumes that it writes to: which load it is, how far it has come,
 * which packs are certainly unpacked. The next try of the same load goes on from there. What another load
 * left is removed, because nothing in a staging directory is data.
 */
import { appendFile, open, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { NumberSet } from '../../backup-format/number-set.ts';
import { readOwn, replaceFile, syncAll } from '../files/durable.ts';
import type { Place } from './places.ts';

/**
 * `Unpacking`: files are gathered. `Unpacked`: they are whole. `Preparing`: the database's tool changes its
 * files; if it breaks off, they are fetched again. `Clearing`: old data is removed. `Placing`: old data is
 * gone, files move to their places.
 */
export type Phase = 'Unpacking' | 'Unpacked' | 'Preparing' | 'Clearing' | 'Placing';

const stateName = 'state.json';
const journalName = 'packs';

interface State {
  readonly loadID: string;
  readonly backupID: string;
  readonly phase: Phase;
}

export class Staging {
  readonly #places: readonly Place[];
  readonly #load: { readonly loadID: string; readonly backupID: string };
  readonly #done = new NumberSet();
  #phase: Phase = 'Unpacking';

  private constructor(
    places: readonly Place[],
    load: { readonly loadID: string; readonly backupID: string },
  ) {
    this.#places = places;
    this.#load = load;
  }

  /**
   * Continues what an earlier try of this load left, or begins.
   * @param places the first keeps the journal; without any nothing is kept.
   */
  static async open(
    places: readonly Place[],
    load: { readonly loadID: string; readonly backupID: string },
  ): Promise<Staging> {
    const staging = new Staging(places, load);
    const states = await Promise.all(places.map((place) => readState(place)));
    const ours = states.every((state) => state?.loadID === load.loadID && state.backupID === load.backupID);
    const phase = states[0]?.phase;
    if (!ours || phase === undefined || phase === 'Preparing') await staging.#begin();
    else {
      staging.#phase = phase;
      await staging.#readJournal();
    }
    return staging;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Whether the pack's chunks are on disk. */
  isDone(pack: number): boolean {
    return this.#done.has(pack);
  }

  /**
   * First everything that was written reaches the disk, then the phase does. `Preparing` needs no such sync,
   * because a try that breaks off in it begins anew.
   */
  async enter(phase: Phase): Promise<void> {
    if (phase !== 'Preparing') await syncAll(this.#places.map(({ staging }) => staging));
    for (const place of this.#places) await this.#writeState(place, phase);
    this.#phase = phase;
  }

  /**
   * Records packs that were unpacked before this call. Survives a power cut: data goes first, then the
   * journal.
   */
  async journal(packs: readonly number[]): Promise<void> {
    if (packs.length === 0 || this.#places.length === 0) return;
    await syncAll(this.#places.map(({ staging }) => staging));
    const path = this.#journalPath();
    await appendFile(path, packs.map((pack) => `${pack}\n`).join(''));
    const file = await open(path, 'r');
    await file.sync();
    await file.close();
    for (const pack of packs) this.#done.add(pack);
  }

  async remove(): Promise<void> {
    // The journal comes last, because only what it names counts.
    for (const place of this.#places.toReversed()) await removeStaging(place);
  }

  async #begin(): Promise<void> {
    await this.remove();
    for (const place of this.#places) await place.prepareStaging();
    for (const place of this.#places) await this.#writeState(place, 'Unpacking');
  }

  async #readJournal(): Promise<void> {
    const text = (await readOwn(this.#journalPath())) ?? '';
    // The last line may have been cut off.
    const lines = text
      .split('\n')
      .slice(0, -1)
      .filter((line) => /^[1-9]\d{0,9}$/.test(line));
    for (const line of lines) this.#done.add(Number(line));
    await replaceFile(this.#journalPath(), lines.map((line) => `${line}\n`).join(''));
  }

  async #writeState(place: Place, phase: Phase): Promise<void> {
    await replaceFile(
      join(place.staging, stateName),
      `${JSON.stringify({ ...this.#load, phase } satisfies State)}\n`,
    );
  }

  #journalPath(): string {
    const [first] = this.#places;
    if (first === undefined) throw new TypeError('a restore without a place');
    return join(first.staging, journalName);
  }
}

async function readState(place: Place): Promise<State | undefined> {
  const text = await readOwn(join(place.staging, stateName));
  try {
    return text === undefined ? undefined : (JSON.parse(text) as State);
  } catch {
    return undefined;
  }
}

/** Directory of files under their numbers. */
export function numberedFiles(place: Place): string {
  return join(place.staging, 'files');
}

/** Removes it. Its parent goes too, when that is this project's and then empty. */
export async function removeStaging({ staging, volumePath }: Place): Promise<void> {
  await rm(staging, { recursive: true, force: true });
  const around = dirname(staging);
  if (around === volumePath) return;
  await rmdir(around).catch((error: unknown) => {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code)))
      throw error;
  });
}
