/**
 * A physical backup of the database. The companion, a container of the database's own image, runs its backup
 * tool into a named pipe; the protocol is jobs/companion.ts. A backup is whole when it has the stream's end,
 * exit code 0, and the tool's last words.
 */
import { execFile } from 'node:child_process';
import { constants, openSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { completionMark, exchange } from '../../jobs/companion.ts';
import { databaseSetName } from '../../jobs/values.ts';
import type { BackupDatabase, BackupJobResult } from '../../jobs/backup.ts';
import { backupOptionsName, keyPathOf, lackedKeys } from '../database/at-rest.ts';
import { JobError } from '../job-error.ts';
import type { JobErrorReason } from '../../jobs/job.ts';
import type { SourceContext } from './context.ts';
import type { FileWriter } from './file-writer.ts';
import { RedoGuard, watchRedo } from './redo-guard.ts';
import { XbstreamReader } from './xbstream.ts';
import type { StreamedFile } from './xbstream.ts';

/** How long to wait for the companion, in seconds. */
export interface Patience {
  readonly start: number;
  readonly silence: number;
  readonly exit: number;
}

const defaultPatience: Patience = { start: 180, silence: 900, exit: 60 };
const readBytes = 1024 * 1024;
const longestFacts = 64 * 1024;
/** Begins the definition of a view; every other definition is of something that holds rows. */
const viewMark = 'TYPE=VIEW';
/** The names before and since MariaDB 11. */
const infoNames = ['mariadb_backup_info', 'xtrabackup_info'];
const positionNames = ['mariadb_backup_binlog_info', 'xtrabackup_binlog_info'];
/** The redo log that is still being written. Its older parts, in series that have them, no longer change. */
const redoName = 'ib_logfile0';
const checkpointNames = ['mariadb_backup_checkpoints', 'xtrabackup_checkpoints'];

export interface PhysicalFacts {
  readonly server?: NonNullable<BackupJobResult['server']>;
  readonly position?: string;
  /** Tables and sequences of the stack's schemas; absent when the server keeps no definitions in files. */
  readonly tables?: number;
}

class Streamed implements StreamedFile {
  readonly writer: FileWriter;
  readonly #came: (bytes: number) => void;
  /** Beginning of the content. It is kept only for files that say what this backup is. */
  #kept = Buffer.alloc(0);
  readonly #keep: number;

  /** @param came is called for each piece. */
  constructor(writer: FileWriter, keep: number, came: (bytes: number) => void) {
    this.writer = writer;
    this.#came = came;
    this.#keep = keep;
  }

  get text(): string {
    return this.#kept.toString('utf8');
  }

  write(bytes: Buffer): void {
    this.writer.write(bytes);
    this.#came(bytes.length);
    const room = this.#keep - this.#kept.length;
    if (room > 0) this.#kept = Buffer.concat([this.#kept, bytes.subarray(0, room)]);
  }

  zeros(length: number): void {
    this.writer.zeros(length);
  }

  end(): void {
    this.writer.flush();
  }

  /** Chunks without a file record belong to no file. */
  giveUp(): void {
    this.writer.flush();
  }
}

/**
 * @throws {JobError} ProducerFailed unless the backup is whole, DatabaseKeysMissing when nobody could restore
 * it.
 */
export async function readPhysical(
  database: BackupDatabase,
  context: SourceContext,
  patience: Patience = defaultPatience,
): Promise<PhysicalFacts> {
  const at = (name: string): string => join(database.exchange, name);
  const facts = new Set([...infoNames, ...positionNames, ...checkpointNames, backupOptionsName]);
  const isDefinition = definitionsIn(database.schemas);
  const keep = (path: string): number =>
    facts.has(path) ? longestFacts : isDefinition(path) ? viewMark.length : 0;
  const redo = { bytes: 0 };
  const came = (path: string) =>
    path === redoName ? (bytes: number) => void (redo.bytes += bytes) : () => undefined;
  const reader = new XbstreamReader({
    begin: (path) => new Streamed(context.pipeline.newFile(), keep(path), came(path)),
  });
  const guard = new RedoGuard();
  const watched = new AbortController();
  const watching = context.throttle.isOn
    ? watchRedo(guard, database, () => redo.bytes, AbortSignal.any([context.signal, watched.signal]))
    : undefined;
  try {
    await drainPipe(database.exchange, reader, context, patience, { guard, redo });
  } finally {
    watched.abort();
    await watching;
  }
  // The tool's own error says more than where its stream ends.
  await checkExit(at(exchange.exitCode), at(exchange.log), patience.exit, context.signal);
  reader.end();
  const files = reader.files as ReadonlyMap<string, Streamed>;
  const textOf = (names: readonly string[]): string | undefined =>
    names.map((name) => files.get(name)?.text).find((text) => text !== undefined);
  if (textOf(checkpointNames) === undefined) fail('it lacks the file with its checkpoints');
  const encrypted = checkKeys(textOf([backupOptionsName]) ?? '', database.keyPaths ?? []);
  for (const [path, { writer }] of files) {
    await context.pipeline.free();
    writer.end({ set: databaseSetName, entry: 'f', path: Buffer.from(path) });
  }
  const version = /^server_version\s*=\s*([^\s]+)/m.exec(textOf(infoNames) ?? '')?.[1];
  const tables = [...files].filter(([path, { text }]) => isDefinition(path) && text !== viewMark).length;
  const position = textOf(positionNames)?.trim().split(/\s+/).join(' ');
  return {
    ...(tables === 0 ? {} : { tables }),
    ...(version === undefined
      ? {}
      : {
          server: {
            version: version.slice(0, 200),
            ...(encrypted && database.keys !== undefined ? { keys: database.keys } : {}),
          },
        }),
    ...(position === undefined || position === '' ? {} : { position: position.slice(0, 4000) }),
  };
}

/**
 * Refuses keys that the release does not bring: they are on this host only, so the backup could be restored
 * nowhere else.
 * @returns whether it needs any
 */
function checkKeys(options: string, keyPaths: readonly string[]): boolean {
  const needed = keyPathOf(options);
  if (needed === undefined) return false;
  if (keyPaths.includes(needed)) return true;
  fail(
    `the database is encrypted at rest with the keys in ${needed.slice(0, 255)}, which the release does not bring: let it name them (database.physical.keys), or back up by method Logical`,
    'DatabaseKeysMissing',
  );
}

/** `jtel/calls.frm`. A name that begins with `#sql` is a table being rebuilt, so it does not count. */
function definitionsIn(schemas: readonly string[]): (path: string) => boolean {
  const own = new Set(schemas);
  return (path) => {
    const [schema = '', name = '', ...deeper] = path.split('/');
    return deeper.length === 0 && own.has(schema) && name.endsWith('.frm') && !name.startsWith('#sql');
  };
}

async function makePipe(path: string): Promise<void> {
  const isPipe = async (): Promise<boolean> => (await stat(path).catch(() => undefined))?.isFIFO() === true;
  if (await isPipe()) return;
  try {
    await promisify(execFile)('mkfifo', ['-m', '600', path]);
  } catch (error) {
    if (!(await isPipe()))
      throw new JobError(
        'ProducerFailed',
        `the pipe ${path} cannot be made: is the exchange volume mounted?`,
        error,
      );
  }
}

/**
 * A pipe holds 64 KiB, so writer and reader would wait for each other 16,000 times per gigabyte. This makes
 * it hold as much as an unprivileged process may ask for. Node cannot do that; Perl can, and is in every
 * Debian. If it fails, all stays as it was, only slower.
 */
async function widenPipe(path: string): Promise<void> {
  await promisify(execFile)('perl', ['-MFcntl', '-e', widen, path]).catch(() => undefined);
}

// F_SETPIPE_SZ of linux/fcntl.h. The pipe keeps its size as long as somebody has it open.
const widen =
  'sysopen(my $pipe, $ARGV[0], O_RDONLY | O_NONBLOCK) or exit 1; fcntl($pipe, 1031, 1 << 20) or exit 1;';

/**
 * Opens the pipe for reading once the companion has it open, and tells it so.
 * @returns its descriptor, for a socket that closes it; undefined when the companion has ended already
 */
async function openPipe(
  directory: string,
  startSeconds: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  const at = (name: string): string => join(directory, name);
  await makePipe(at(exchange.stream));
  const began = async (): Promise<boolean> =>
    (await exists(at(exchange.started))) || (await exists(at(exchange.exitCode)));
  if (!(await waitFor(startSeconds, signal, began)))
    fail(`the companion did not begin within ${startSeconds} s`);
  signal.throwIfAborted();
  if (await exists(at(exchange.exitCode))) return undefined;
  // A number, not a FileHandle: the collector would close it again, even if something else had the number by
  // then.
  const descriptor = openSync(at(exchange.stream), constants.O_RDONLY | constants.O_NONBLOCK);
  await writeFile(at(exchange.reading), '');
  // Reading may begin in the meantime.
  void widenPipe(at(exchange.stream));
  return descriptor;
}

interface Redo {
  readonly guard: RedoGuard;
  /** How much of the log has come so far. */
  readonly redo: { readonly bytes: number };
}

/** Reads until the writer has closed the pipe. Reading stops while the rest of the job is busy. */
async function drainPipe(
  directory: string,
  reader: XbstreamReader,
  context: SourceContext,
  patience: Patience,
  { guard, redo }: Redo,
): Promise<void> {
  const { pipeline, throttle, signal } = context;
  const descriptor = await openPipe(directory, patience.start, signal);
  if (descriptor === undefined) return;
  let silence: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const push = (bytes: Buffer): Buffer => bytes.subarray(reader.push(bytes, () => pipeline.isFree));
      // The limit is for pages. Bytes of the log do not count, and while the log must come through, none do.
      const counted = (bytes: number, redoBefore: number): number =>
        guard.isUrgent ? 0 : Math.max(0, bytes - (redo.bytes - redoBefore));
      const goOn = async (rest: Buffer, length: number, redoBefore: number): Promise<void> => {
        for (let left = rest; left.length > 0; left = push(left)) await pipeline.free();
        await Promise.all([pipeline.free(), throttle.wait(counted(length, redoBefore), signal)]);
      };
      const onBytes = (length: number, bytes: Uint8Array): boolean => {
        silence?.refresh();
        let rest: Buffer;
        const redoBefore = redo.bytes;
        try {
          rest = push(Buffer.from(bytes.buffer, bytes.byteOffset, length));
        } catch (error) {
          socket.destroy(error as Error);
          return false;
        }
        if (rest.length === 0 && pipeline.isFree && (guard.isUrgent || throttle.take(0) <= 0)) {
          throttle.take(counted(length, redoBefore));
          return true;
        }
        // Nothing is read in the meantime, so the rest stays where it is.
        void goOn(rest, length, redoBefore).then(
          () => socket.resume(),
          (error: unknown) => socket.destroy(error as Error),
        );
        return false;
      };
      const socket = new Socket({
        fd: descriptor,
        readable: true,
        writable: false,
        signal,
        onread: { buffer: Buffer.alloc(readBytes), callback: onBytes },
      } as never);
      silence = setTimeout(
        () =>
          socket.destroy(
            new JobError(
              'ProducerFailed',
              `the database's backup tool wrote nothing for ${patience.silence} s`,
            ),
          ),
        patience.silence * 1000,
      );
      socket.on('end', resolve);
      socket.on('error', reject);
      socket.on('close', () => reject(new JobError('ProducerFailed', 'the pipe was closed')));
      socket.resume();
    });
  } finally {
    clearTimeout(silence);
  }
}

async function checkExit(
  exitCodePath: string,
  logPath: string,
  seconds: number,
  signal: AbortSignal,
): Promise<void> {
  const ended = await waitFor(seconds, signal, async () => await exists(exitCodePath));
  const log = (await readFile(logPath, 'utf8').catch(() => '')).trimEnd();
  const last = log.split('\n').slice(-5).join(' | ').slice(-1000);
  if (!ended)
    fail(`the database's backup tool ended without an exit code: was its container killed? ${last}`);
  const code = (await readFile(exitCodePath, 'utf8')).trim();
  const keys = lackedKeys(log);
  if (keys !== undefined)
    fail(
      `the database's backup tool lacked the keys of encryption at rest: let the release say where they are (database.physical.keys), or back up by method Logical. It ended with code ${code} and said: ${keys}`,
      'DatabaseKeysMissing',
    );
  if (code !== '0') fail(`the database's backup tool ended with code ${code}: ${last}`);
  if (!log.slice(-2000).includes(completionMark))
    fail(`the database's backup tool did not say "${completionMark}": ${last}`);
}

async function waitFor(
  seconds: number,
  signal: AbortSignal,
  condition: () => Promise<boolean>,
): Promise<boolean> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await condition())) {
    if (performance.now() > deadline) return false;
    await delay(10, undefined, { signal });
  }
  return true;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

function fail(what: string, reason: JobErrorReason = 'ProducerFailed'): never {
  throw new JobError(reason, `the physical backup is not whole: ${what}`);
}
