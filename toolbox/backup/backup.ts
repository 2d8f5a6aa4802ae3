/**
 * Job `backup`: reads the stack's data and stores what the store does not have yet, in the format of
 * docs/backup-format.md. It writes packs, the index and the list of packs. The operator writes the manifest,
 * without which they do not count.
 */
import type { BackOff } from '../../base/back-off.ts';
import { afterFailedUpload } from '../pauses.ts';
import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { backupCipher } from '../../backup-format/encryption.ts';
import type { DataSet } from '../../backup-format/data-set.ts';
import { databaseSetName } from '../../jobs/values.ts';
import type { BackupDatabase, BackupJobInput, BackupJobResult } from '../../jobs/backup.ts';
import { attributePartName, indexPartName, packBytes, packListName } from '../../backup-format/names.ts';
import { packListLines } from '../../backup-format/pack-list.ts';
import { DatabaseClient } from '../database/client.ts';
import { removeLeftLoadAccount } from '../database/load-account.ts';
import { JobError } from '../job-error.ts';
import type { Report } from '../report.ts';
import { ChunkTable } from './chunk-table.ts';
import { Throttle } from './context.ts';
import type { SourceContext } from './context.ts';
import { FileTreeReader } from './file-tree.ts';
import { IndexWriter, storeText } from './index-writer.ts';
import { takeKnownChunks } from './known.ts';
import { withLockWatch } from './lock-watch.ts';
import { readLogical } from './logical.ts';
import { PackStore } from './pack-store.ts';
import { readPhysical } from './physical.ts';
import { newSlots, Pipeline } from './pipeline.ts';
import { ProgressTeller } from './progress.ts';
import type { Totals } from './progress.ts';
import { databaseSize } from './size.ts';
import { ShareReads } from '../share/share-fetch.ts';
import { openUploads, type Uploads } from './uploads.ts';
import { tablesWithoutRows } from './without-rows.ts';
import { Workers } from './workers.ts';
import { optional } from '../../base/optional.ts';

const defaultScratch = '/var/tmp/jtel-job';
const mebibyte = 1024 * 1024;

/** What a source reports beside its files. */
type DatabaseFacts = Pick<BackupJobResult, 'server' | 'position'> &
  Pick<DataSet, 'tables' | 'rows' | 'leftOut'>;

/**
 * @param pauses after uploads that failed
 * @throws {JobError}
 */
export async function backup(
  input: BackupJobInput,
  report: Report,
  signal: AbortSignal,
  pauses = afterFailedUpload,
): Promise<BackupJobResult> {
  const scratch = input.scratch ?? defaultScratch;
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  const run = new BackupRun(input, scratch, report, signal, pauses);
  try {
    return await run.run();
  } catch (error) {
    throw run.reason ?? error;
  } finally {
    await run.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

class BackupRun {
  readonly #input: BackupJobInput;
  readonly #report: Report;
  readonly #abort = new AbortController();
  readonly #signal: AbortSignal;
  readonly #cipher: ReturnType<typeof backupCipher> | undefined;
  readonly #uploader: Uploads;
  readonly #share: ShareReads | undefined;
  readonly #workers: Workers;
  readonly #table: ChunkTable;
  readonly #trees: readonly FileTreeReader[];
  #packs: PackStore | undefined;
  #uploadedBytes = 0;
  /** Why the job ends when the cause lies outside the sources. */
  reason: unknown;

  constructor(input: BackupJobInput, scratch: string, report: Report, signal: AbortSignal, pauses: BackOff) {
    this.#input = input;
    this.#report = report;
    this.#signal = AbortSignal.any([signal, this.#abort.signal]);
    const { limits, encryption } = input;
    const key = encryption === undefined ? undefined : Buffer.from(encryption.key, 'base64');
    this.#cipher = key === undefined ? undefined : backupCipher(key);
    const threads = limits.threads ?? availableParallelism();
    this.#uploader = openUploads(input.upload, this.#uploads + 1, this.#signal, pauses);
    if (input.upload.kind === 'Share') this.#share = new ShareReads(input.upload.access, this.#signal);
    this.#table = new ChunkTable(scratch);
    this.#trees = input.fileTrees.map((tree) => new FileTreeReader(tree));
    this.#slots = newSlots();
    this.#workers = new Workers(threads, {
      slots: this.#slots.shared,
      compressionLevel: limits.compressionLevel ?? 1,
      ...optional({ key }),
    });
  }

  readonly #slots: ReturnType<typeof newSlots>;

  get #uploads(): number {
    return this.#input.limits.uploads ?? 4;
  }

  async run(): Promise<BackupJobResult> {
    const input = this.#input;
    const { packs, index, attributes, pipeline } = this.#assemble();
    this.#report({
      step: 'Measuring',
      percent: 0,
      message:
        input.known.length === 0
          ? 'no earlier backup'
          : `and reading ${input.known.length} parts of earlier indexes`,
    });
    let totals: Totals | undefined;
    const measured = (bytes: number): void => {
      // Small backups get small packs, so a crash costs little.
      packs.closedBytes = Math.min(packBytes.closed, Math.max(mebibyte, Math.floor(bytes / 512)));
      pipeline.checkpointBytes = Math.min(
        64 * mebibyte,
        Math.max(packs.closedBytes, Math.floor(bytes / 1024)),
      );
    };
    const known = takeKnownChunks(
      {
        parts: input.known,
        epoch: input.epoch,
        cipher: this.#cipher,
        signal: this.#signal,
        ...optional({ fetch: this.#share?.fetch }),
      },
      this.#table,
      packs,
    );
    const database = this.#measureDatabase();
    const all = (async (): Promise<void> => {
      const found = await this.#measureTrees(database);
      measured(found.bytes);
      totals = found;
    })();
    // The database's tool starts in the meantime. What it delivers is hashed at once and looked up later.
    pipeline.waitFor(Promise.all([known, database.then(measured)]));
    all.catch((error: unknown) => this.#fail(error));
    const progress = new ProgressTeller(
      this.#report,
      () => totals,
      () => ({
        bytesDone: pipeline.readBytes,
        entriesDone: this.#trees.reduce((sum, tree) => sum + tree.entriesDone, 0),
        uploadedBytes: this.#uploadedBytes,
      }),
    );
    try {
      const context: SourceContext = {
        pipeline,
        throttle: new Throttle(input.limits.bytesPerSecond, () => performance.now()),
        signal: this.#signal,
      };
      const facts =
        input.database === undefined ? {} : await this.#readDatabase(input.database, context, progress);
      await all;
      for (const [at, tree] of this.#trees.entries()) {
        progress.begin('ReadingFiles', `file tree ${input.fileTrees[at]?.name ?? ''}`);
        await tree.read(context);
      }
      progress.begin('Storing');
      await pipeline.finish();
      const dataSets = this.#endSets(pipeline, facts);
      await index.finish();
      await attributes.finish();
      this.#signal.throwIfAborted();
      return await this.#result(
        pipeline,
        { indexParts: index.parts, attributeParts: attributes.parts },
        dataSets,
        facts,
        await known,
      );
    } finally {
      progress.end();
    }
  }

  async close(): Promise<void> {
    this.#abort.abort();
    this.#packs?.stop();
    this.#uploader.close();
    await this.#share?.[Symbol.asyncDispose]();
    await this.#workers.stop();
    this.#table.close();
  }

  /** The size of the sources, as far as it can be known in advance. */
  async #measureDatabase(): Promise<number> {
    const { database } = this.#input;
    if (database === undefined) return 0;
    await DatabaseClient.with(database, this.#signal, removeLeftLoadAccount);
    return await databaseSize(database, this.#signal);
  }

  async #measureTrees(database: Promise<number>): Promise<Totals> {
    const [bytes, trees] = await Promise.all([
      database,
      Promise.all(this.#trees.map((tree) => tree.size(this.#signal))),
    ]);
    return {
      bytes: trees.reduce((sum, tree) => sum + tree.bytes, bytes),
      entries: trees.reduce((sum, tree) => sum + tree.entries, 0),
    };
  }

  #assemble(): {
    readonly packs: PackStore;
    readonly index: IndexWriter;
    readonly attributes: IndexWriter;
    readonly pipeline: Pipeline;
  } {
    const { identity, backupID, attempt, epoch } = this.#input;
    const fail = (error: unknown): void => this.#fail(error);
    const writer = (partName: (attempt: number, part: number) => string): IndexWriter =>
      new IndexWriter({ identity, backupID, attempt }, partName, this.#uploader, this.#cipher, {
        stored: (bytes) => {
          this.#uploadedBytes += bytes;
          pipeline.indexStored();
        },
        error: fail,
      });
    const index = writer(indexPartName);
    const attributes = writer(attributePartName);
    const packs = new PackStore({ identity, epoch, uploads: this.#uploads }, this.#workers, this.#uploader, {
      stored: (pack, bytes) => {
        this.#uploadedBytes += bytes;
        pipeline.packStored(pack, bytes);
      },
      error: fail,
    });
    this.#packs = packs;
    // When the job is stopped, nobody may keep waiting for room in a pack.
    this.#signal.addEventListener('abort', () => packs.stop(), { once: true });
    const pipeline = new Pipeline({
      workers: this.#workers,
      packs,
      index,
      attributes,
      table: this.#table,
      slots: this.#slots,
      fail,
      signal: this.#signal,
    });
    return { packs, index, attributes, pipeline };
  }

  async #readDatabase(
    database: BackupDatabase,
    context: SourceContext,
    progress: ProgressTeller,
  ): Promise<DatabaseFacts> {
    progress.begin('ReadingDatabase');
    const watched = {
      moved: () => context.pipeline.readBytes,
      report: (waits: string | undefined) => progress.wait(waits),
    };
    return await withLockWatch(database, watched, this.#signal, async () => {
      if (database.kind === 'Logical') return await readLogical(database, context);
      // The tool has begun. Any question asked before reading would keep it waiting.
      const [facts, leftOut] = await Promise.all([
        readPhysical(database, context),
        tablesWithoutRows(database, this.#signal),
      ]);
      return { ...facts, ...(leftOut.length === 0 ? {} : { leftOut }) };
    });
  }

  #endSets(pipeline: Pipeline, facts: DatabaseFacts): readonly DataSet[] {
    const { database, fileTrees } = this.#input;
    const sets: DataSet[] = [];
    if (database !== undefined) {
      const { tables, rows, leftOut = [] } = facts;
      const totals = pipeline.entries.endSet(databaseSetName, database.kind);
      if (totals.files === 0)
        throw new JobError('ProducerFailed', 'the database has no files: a backup without it is none');
      sets.push({
        name: databaseSetName,
        kind: database.kind,
        ...totals,
        ...optional({ tables, rows }),
        ...(leftOut.length === 0 ? {} : { leftOut }),
      });
    }
    for (const [at, { name }] of fileTrees.entries()) {
      const leftOut = this.#trees[at]?.leftOut ?? [];
      sets.push({
        name,
        kind: 'FileTree',
        ...pipeline.entries.endSet(name, 'FileTree'),
        ...(leftOut.length === 0 ? {} : { leftOut }),
      });
    }
    return sets;
  }

  async #result(
    pipeline: Pipeline,
    parts: Pick<BackupJobResult, 'indexParts' | 'attributeParts'>,
    dataSets: readonly DataSet[],
    facts: DatabaseFacts,
    knownIgnored: readonly string[],
  ): Promise<BackupJobResult> {
    const { backupID, attempt, identity } = this.#input;
    const records = pipeline.entries.packs.flatMap(({ record }) => (record === undefined ? [] : [record]));
    const text = [...packListLines(backupID, records)].join('');
    const packList = await storeText(
      { identity, backupID, attempt },
      packListName(attempt),
      text,
      this.#uploader,
    );
    return {
      backupID,
      attempt,
      ...parts,
      packList,
      packs: records.length,
      dataSets,
      totalBytes: dataSets.reduce((sum, { bytes }) => sum + bytes, 0),
      uploadedBytes: this.#uploadedBytes + packList.bytes,
      storedBytes: records.reduce((sum, { bytes }) => sum + bytes, 0),
      reusedBytes: pipeline.reusedBytes,
      ...optional({ server: facts.server, position: facts.position }),
      ...(knownIgnored.length === 0 ? {} : { knownIgnored }),
    };
  }

  #fail(error: unknown): void {
    if (this.#signal.aborted) return;
    this.reason = error;
    this.#abort.abort(error);
  }
}
