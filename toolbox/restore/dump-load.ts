/**
 * Loads a database from SQL into a server that runs. First it gathers and proves all files, then it drops
 * the old schemas and loads the files step by step, those of one step in parallel. When it was broken off it
 * starts over, and drops only schemas that it made itself.
 */
import { createReadStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { RestoreDatabase } from '../../jobs/restore.ts';
import { databaseSetName } from '../../jobs/values.ts';
import { dumpEnd, loadStep, logicalParts } from '../../backup-format/logical.ts';
import type { IndexRecord } from '../../backup-format/record.ts';
import { DatabaseClient } from '../database/client.ts';
import { count, dropSchemas, listSchemas, writeDatabaseMarker } from '../database/content.ts';
import { withLargePackets } from '../database/globals.ts';
import { withLoadAccount, type LoadAccount } from '../database/load-account.ts';
import { JobError } from '../job-error.ts';
import type { Found } from '../marker.ts';
import { lookAtDatabase } from '../probe.ts';
import { strangeStatement } from './account-statements.ts';
import { stagedFile } from './pack-tasks.ts';

export type LogicalDatabase = Extract<RestoreDatabase, { readonly kind: 'Logical' }>;

const tailBytes = 512;
const mostAtOnce = 4;
/** From this step on, files define code and views and have no rows. */
const firstDefinitions = logicalParts.indexOf('routines');
const accounts = logicalParts.indexOf('accounts');
const mostAccountBytes = 16 * 2 ** 20;

interface DumpFile {
  readonly path: string;
  readonly file: number;
  readonly bytes: number;
  readonly step: number;
}

export class DumpLoad {
  readonly #spec: LogicalDatabase;
  readonly #client: DatabaseClient;
  readonly #signal: AbortSignal;
  /** Where the files are gathered: on the job's own disk. */
  readonly directory: string;

  private constructor(spec: LogicalDatabase, client: DatabaseClient, directory: string, signal: AbortSignal) {
    this.#spec = spec;
    this.#client = client;
    this.directory = directory;
    this.#signal = signal;
  }

  static async with<T>(
    spec: LogicalDatabase,
    directory: string,
    signal: AbortSignal,
    work: (load: DumpLoad) => Promise<T>,
  ): Promise<T> {
    return await DatabaseClient.with(spec, signal, (client) =>
      work(new DumpLoad(spec, client, directory, signal)),
    );
  }

  look(): Promise<Found> {
    return lookAtDatabase(this.#client, this.#spec);
  }

  async mark(loadID: string, state: 'loading' | 'loaded'): Promise<void> {
    await writeDatabaseMarker(this.#client, { loadID, state, time: new Date().toISOString() });
  }

  /** Called only after the database was marked as being loaded. */
  async clear(): Promise<void> {
    await dropSchemas(this.#client, this.#spec.schemas);
  }

  /** @throws {JobError} BackupInvalid for files that a dump of these schemas does not contain. */
  async files(records: AsyncIterable<IndexRecord>): Promise<readonly DumpFile[]> {
    const found: DumpFile[] = [];
    for await (const record of records) {
      if (record.type !== 'F' || record.set !== databaseSetName) continue;
      const path = record.path.toString('latin1');
      const place = record.entry === 'f' ? loadStep(path) : undefined;
      if (place === undefined || (place.schema !== undefined && !this.#spec.schemas.includes(place.schema))) {
        throw new JobError(
          'BackupInvalid',
          `the backup's dump has ${JSON.stringify(path.slice(0, 120))}, which is no file of the schemas ${this.#spec.schemas.join(', ')}; nothing was changed`,
        );
      }
      found.push({ path, file: record.file, bytes: record.bytes, step: place.step });
    }
    return found;
  }

  /**
   * A dump that was cut off loads without an error, so each is checked before the old schemas go.
   * @throws {JobError}
   */
  async prove(files: readonly DumpFile[]): Promise<void> {
    for (const { path, file, bytes } of files) {
      const staged = stagedFile(this.directory, file);
      const whole =
        (await stat(staged).catch(() => undefined))?.size === bytes &&
        (await lastLine(staged, bytes)).startsWith(dumpEnd);
      if (!whole)
        throw new JobError(
          'BackupInvalid',
          `the dump ${path} in the backup was cut off: it does not end with "${dumpEnd}"; nothing was changed`,
        );
      if (loadStep(path)?.step === accounts) await proveAccounts(path, staged, bytes);
    }
  }

  /**
   * @param onBytes bytes of SQL that were loaded since the last call.
   * @throws {JobError} StatementRefused, DatabaseFailed; both name the file.
   */
  async load(files: readonly DumpFile[], onBytes: (bytes: number) => void): Promise<void> {
    const before = await listSchemas(this.#client);
    await withLargePackets(this.#client, () =>
      withLoadAccount(this.#client, this.#spec.schemas, (account) => this.#loadAll(files, account, onBytes)),
    );
    const strange = (await listSchemas(this.#client)).filter(
      (schema) => !before.includes(schema) && !this.#spec.schemas.includes(schema),
    );
    if (strange.length > 0)
      throw new JobError(
        'BackupInvalid',
        `the dump made schemas that the stack does not have: ${strange.join(', ')}`,
      );
  }

  async #loadAll(
    files: readonly DumpFile[],
    account: LoadAccount,
    onBytes: (bytes: number) => void,
  ): Promise<void> {
    for (const step of [...new Set(files.map((file) => file.step))].toSorted((a, b) => a - b)) {
      if (step >= firstDefinitions) await account.allowDefinitions();
      // The largest come first, so that no large one is begun last.
      const waiting = files.filter((file) => file.step === step).toSorted((a, b) => a.bytes - b.bytes);
      const next = async (): Promise<void> => {
        for (let file = waiting.pop(); file !== undefined; file = waiting.pop())
          await this.#loadFile(file, account.client, onBytes);
      };
      const threads = Math.min(mostAtOnce, availableParallelism(), waiting.length);
      await Promise.all(Array.from({ length: threads }, next));
    }
  }

  /** @throws {JobError} StatementRefused when something that the backup counted is missing. */
  async compare(expected: {
    readonly tables?: number;
    readonly rows?: number;
  }): Promise<{ tables: number; rows: number }> {
    const found = await count(this.#client, this.#spec.schemas);
    for (const what of ['tables', 'rows'] as const) {
      if (expected[what] !== undefined && expected[what] !== found[what]) {
        throw new JobError(
          'StatementRefused',
          `the database has ${found[what]} ${what} after the load, the backup had ${expected[what]}; it is not marked as loaded`,
        );
      }
    }
    return found;
  }

  async #loadFile(
    { path, file }: DumpFile,
    account: DatabaseClient,
    onBytes: (bytes: number) => void,
  ): Promise<void> {
    const source = createReadStream(stagedFile(this.directory, file), { highWaterMark: 1 << 18 });
    const isAccounts = loadStep(path)?.step === accounts;
    async function* counted(): AsyncGenerator<Buffer> {
      // It was proved for this way of quoting.
      if (isAccounts) yield Buffer.from("SET SESSION sql_mode = '';\n");
      for await (const chunk of source as AsyncIterable<Buffer>) {
        yield chunk;
        onBytes(chunk.length);
      }
    }
    try {
      await (isAccounts ? this.#client : account).load(counted());
    } catch (error) {
      this.#signal.throwIfAborted();
      if (error instanceof JobError)
        throw new JobError(error.reason, `loading ${path}: ${error.message}`, error);
      throw error;
    } finally {
      source.destroy();
    }
  }
}

/** Root loads it. */
async function proveAccounts(path: string, staged: string, bytes: number): Promise<void> {
  const strange =
    bytes > mostAccountBytes
      ? `is larger than ${mostAccountBytes} bytes`
      : strangeStatement(await readFile(staged, 'latin1'));
  if (strange !== undefined)
    throw new JobError(
      'BackupInvalid',
      `${path} in the backup does more than make accounts and give rights (${JSON.stringify(strange)}); nothing was changed`,
    );
}

async function lastLine(path: string, bytes: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    const length = Math.min(bytes, tailBytes);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, bytes - length);
    return buffer.toString('latin1').trimEnd().split('\n').at(-1) ?? '';
  } finally {
    await file.close();
  }
}
