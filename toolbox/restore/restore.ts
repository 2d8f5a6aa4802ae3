/**
 * Job `restore`: loads a backup into volumes. The order keeps old data safe: read and check the whole index,
 * look for all packs and for room → gather the files beside the old data, each chunk proven → have the
 * database prepared → mark the places as being loaded, remove the old data → give the files their places →
 * mark as loaded.
 * The old data stay untouched until everything new is whole. Where the disk has no room for both, every
 * chunk is proven first. A restore that was killed anywhere goes on when it is started again with the same
 * loadID.
 */
import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { backupCipher } from '../../backup-format/encryption.ts';
import { databaseSetName } from '../../jobs/values.ts';
import type { RestoreJobInput, RestoreJobResult } from '../../jobs/restore.ts';
import { stagedDatabase } from '../../jobs/staging.ts';
import { JobError } from '../job-error.ts';
import type { JobErrorReason } from '../../jobs/job.ts';
import { part } from '../report.ts';
import { arrange } from './arrange.ts';
import { BlobReader } from './blob-reader.ts';
import { ShareReads } from '../share/share-fetch.ts';
import { DumpLoad } from './dump-load.ts';
import { IndexSource } from './index-source.ts';
import { PackThreads } from './pack-threads.ts';
import type { PackTask } from './pack-tasks.ts';
import { databasePlace, treePlace } from './places.ts';
import type { Place } from './places.ts';
import { prepareDatabase } from './prepare.ts';
import { BytesProgress } from './progress.ts';
import { decisions } from './restoring.ts';
import type { RestoreOptions, Restoring } from './restoring.ts';
import { settle } from './settle.ts';
import { findRoom } from './space.ts';
import type { Room } from './space.ts';
import { Staging, numberedFiles, removeStaging } from './staging.ts';
import { survey as surveyIndex } from './survey.ts';
import type { Survey } from './survey.ts';
import { unpackAll } from './unpack.ts';
import { optional } from '../../base/optional.ts';

const defaultJournalBytes = 512 * 1024 * 1024;
const checksAtOnce = 16;
const defaultDownloads = 2;
/** Each takes some 50 MB. Two unpack faster than a line or a disk delivers. `limits` may ask for more. */
const mostThreads = 2;
const unusable: ReadonlySet<JobErrorReason> = new Set(['BackupInvalid', 'DecryptionKeyWrong']);

/** @throws {JobError} */
export async function restore(input: RestoreJobInput, options: RestoreOptions): Promise<RestoreJobResult> {
  const { report, signal, scratch = '/var/tmp/jtel-restore' } = options;
  const { database } = input;
  report({ step: 'Checking', percent: 0, message: 'looking at what is there' });
  if (database?.kind !== 'Logical') return await restoreInto(input, undefined, scratch, options);
  return await DumpLoad.with(database, join(scratch, 'dump'), signal, (dump) =>
    restoreInto(input, dump, scratch, options),
  );
}

async function restoreInto(
  input: RestoreJobInput,
  dump: DumpLoad | undefined,
  scratch: string,
  options: RestoreOptions,
): Promise<RestoreJobResult> {
  const { report, signal, pauses } = options;
  const places = placesOf(input);
  if ((await decisions(input, places, dump)).every((decision) => decision === 'Done')) {
    for (const place of places.toReversed()) await removeStaging(place);
    return resultOf(input, 0, new Map());
  }
  const { bytesPerSecond } = input.limits;
  await using share = input.share === undefined ? undefined : new ShareReads(input.share, signal);
  const reader = new BlobReader({ signal, ...optional({ bytesPerSecond, pauses, fetch: share?.fetch }) });
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  let survey: Survey | undefined;
  try {
    const cipher =
      input.encryption === undefined ? undefined : backupCipher(Buffer.from(input.encryption.key, 'base64'));
    const { length } = input.backup.indexParts;
    const index = await IndexSource.fetch(input.backup, scratch, cipher, reader, (done) =>
      report({
        step: 'Checking',
        percent: part(0, 1, done / length),
        message: `index part ${done} of ${length}`,
      }),
    );
    survey = await surveyIndex(input.backup, index, scratch);
    const restoring: Restoring = {
      input,
      places,
      dump,
      index,
      survey,
      reader,
      options,
      withoutAttributes: new Map(),
    };
    const room = await checkAll(restoring, scratch);
    if (input.purpose !== 'Check') await bringIn(restoring, room);
    return resultOf(input, reader.downloadedBytes, restoring.withoutAttributes);
  } finally {
    survey?.extents.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

function placesOf({ database, fileTrees }: RestoreJobInput): readonly Place[] {
  return [
    ...(database?.kind === 'Physical' ? [databasePlace(database)] : []),
    ...fileTrees.map((tree) => treePlace(tree)),
  ];
}

/** Finds every failure that can be known in advance, while nothing is written yet. @throws {JobError} */
async function checkAll(
  { input, places, dump, index, survey, reader, options }: Restoring,
  scratch: string,
): Promise<Room> {
  const { report, signal } = options;
  await dump?.files(index.records());
  const wanted = input.backup.packs.filter(({ number }) => survey.extents.needs(number));
  for (let done = 0; done < wanted.length; done += checksAtOnce) {
    signal.throwIfAborted();
    report({
      step: 'Checking',
      percent: part(1, 2, done / wanted.length),
      message: `pack ${done} of ${wanted.length}`,
    });
    await Promise.all(wanted.slice(done, done + checksAtOnce).map((pack) => reader.check(pack)));
  }
  const bytesOf = (name: string): number => {
    const set = input.backup.dataSets.find((one) => one.name === name);
    return set?.realBytes ?? set?.bytes ?? 0;
  };
  const needs = places.map((place) => ({ place, bytes: bytesOf(place.set) }));
  // The SQL lies on the job's own disk, and the tables that it fills are about as large.
  return await findRoom(
    needs,
    dump === undefined ? [] : [{ path: scratch, bytes: 2 * bytesOf(databaseSetName) }],
  );
}

async function bringIn(restoring: Restoring, room: Room): Promise<void> {
  const { input, places, dump, options } = restoring;
  const { loadID, backup } = input;
  const staging = await Staging.open(places, { loadID, backupID: backup.backupID });
  if (room === 'AfterRemoval' && staging.phase === 'Unpacking' && (await areOccupied(places))) {
    await unpack(restoring, undefined, 'Verify');
    await settle(restoring, 'TakeAway');
    await staging.enter('Unpacking');
  }
  // A dump's files were on the disk of the job that gathered them, and went with that job.
  if (staging.phase === 'Unpacking' || dump !== undefined) {
    await unpack(restoring, staging, 'Write').catch(async (error: unknown) => {
      // A backup that cannot be used leaves nothing behind. After any other error the next try continues
      // here.
      if (error instanceof JobError && unusable.has(error.reason) && staging.phase === 'Unpacking')
        await staging.remove();
      throw error;
    });
    if (staging.phase === 'Unpacking') await staging.enter('Unpacked');
  }
  const database = places.find(({ kind }) => kind === 'Database');
  if (staging.phase === 'Unpacked' && database !== undefined && input.database?.kind === 'Physical') {
    const directory = stagedDatabase(database.volumePath);
    await arrangeIn(restoring, database, directory, [80, 82]);
    options.report({ step: 'Preparing', percent: 82, message: 'the database makes its files consistent' });
    await staging.enter('Preparing');
    await prepareDatabase(
      input.database.exchange,
      directory,
      database,
      input.database.keyPaths ?? [],
      options.signal,
    );
  }
  const files = (await dump?.files(restoring.index.records())) ?? [];
  await dump?.prove(files);
  if (staging.phase !== 'Placing') {
    await staging.enter('Clearing');
    await settle(restoring, 'TakeAway');
    await staging.enter('Placing');
  }
  for (const place of places)
    if (place.kind === 'FileTree')
      await arrangeIn(restoring, place, place.target, [
        dump === undefined ? 92 : 50,
        dump === undefined ? 97 : 52,
      ]);
  if (dump !== undefined) {
    // Clears again: an earlier try may have loaded some before it broke off.
    await dump.clear();
    const set = backup.dataSets.find(({ name }) => name === databaseSetName);
    const progress = new BytesProgress(options.report, 'LoadingDatabase', set?.bytes ?? 0, [52, 96]);
    await dump.load(files, (bytes) => progress.add(bytes));
    options.report({ step: 'Counting', percent: 96 });
    await dump.compare(set ?? {});
  }
  await settle(restoring, 'Finish');
  await staging.remove();
}

async function areOccupied(places: readonly Place[]): Promise<boolean> {
  return (await Promise.all(places.map((place) => place.look()))).some(({ entries }) => entries > 0);
}

async function arrangeIn(
  { input, index, survey, options, withoutAttributes }: Restoring,
  place: Place,
  directory: string,
  [from, to]: readonly [number, number],
): Promise<void> {
  const { report, signal } = options;
  const total = input.backup.dataSets.find(({ name }) => name === place.set)?.files ?? 0;
  const onEntries = (done: number): void =>
    report({
      step: 'Placing',
      percent: part(from, to, done / Math.max(1, total)),
      message: `${done} entries of ${place.set}`,
    });
  const without = await arrange({
    place,
    directory,
    index,
    hasChunks: (file) => survey.hasChunks(file),
    onEntries,
    signal,
  });
  withoutAttributes.set(place.set, without);
}

/** @param staging holds the journal; a verification has none. */
async function unpack(
  { input, places, dump, survey, reader, options }: Restoring,
  staging: Staging | undefined,
  purpose: PackTask['purpose'],
): Promise<void> {
  const { backup, limits, encryption } = input;
  const gathers = staging?.phase === 'Unpacking';
  const threadCount = limits.threads ?? Math.min(mostThreads, availableParallelism());
  const threads = new PackThreads(threadCount, {
    stagedIn: backup.dataSets.map(({ name, kind }) => {
      if (kind === 'Logical') return dump?.directory;
      const place = places.find(({ set }) => set === name);
      return place === undefined || !gathers ? undefined : numberedFiles(place);
    }),
    ...(encryption === undefined ? {} : { key: Buffer.from(encryption.key, 'base64') }),
  });
  const step = purpose === 'Write' ? 'Restoring' : 'Verifying';
  const progress = new BytesProgress(
    options.report,
    step,
    survey.bytes,
    purpose === 'Write' ? [3, dump === undefined ? 80 : 50] : [2, 3],
  );
  const finished: number[] = [];
  let unsaved = 0;
  let saving: Promise<void> = Promise.resolve();
  try {
    await unpackAll({
      backup,
      survey,
      reader,
      threads,
      purpose,
      slots: (limits.downloads ?? defaultDownloads) + threadCount,
      // Each try gathers a dump's files anew.
      skip: (pack) => dump === undefined && (staging?.isDone(pack) ?? false),
      onPack: async (pack, bytes) => {
        progress.add(bytes);
        finished.push(pack);
        unsaved += bytes;
        if (
          staging === undefined ||
          !gathers ||
          dump !== undefined ||
          unsaved < (options.journalBytes ?? defaultJournalBytes)
        )
          return;
        unsaved = 0;
        await saving;
        saving = staging.journal(finished.splice(0));
        // It is awaited later. Until then a failure must not count as unhandled.
        saving.catch(() => undefined);
      },
    });
    await saving;
  } finally {
    await saving.catch(() => undefined);
    await threads.stop();
  }
}

function resultOf(
  { loadID, backup, database, fileTrees }: RestoreJobInput,
  downloadedBytes: number,
  withoutAttributes: ReadonlyMap<string, number>,
): RestoreJobResult {
  const setOf = (name: string) => backup.dataSets.find((set) => set.name === name);
  const inDatabase =
    database === undefined ? undefined : backup.dataSets.find(({ kind }) => kind === database.kind);
  return {
    loadID,
    backupID: backup.backupID,
    ...(inDatabase === undefined ? {} : { database: countOf(inDatabase) }),
    fileTrees: fileTrees.map(({ name }) => {
      const without = withoutAttributes.get(name) ?? 0;
      return {
        name,
        files: setOf(name)?.files ?? 0,
        bytes: setOf(name)?.bytes ?? 0,
        ...(without === 0 ? {} : { withoutAttributes: without }),
      };
    }),
    downloadedBytes,
  };
}

function countOf({
  files,
  bytes,
  tables,
  rows,
}: {
  files: number;
  bytes: number;
  tables?: number;
  rows?: number;
}): NonNullable<RestoreJobResult['database']> {
  return {
    files,
    bytes,
    ...optional({ tables, rows }),
  };
}
