/** A database of a known size, our backup job and its peers, as the backup benchmarks run them. */
import { createHash } from 'node:crypto';
import type { BackupJobInput, BackupJobResult, KnownIndexPart } from '../../jobs/backup.ts';
import { toolboxImage } from '../../images/images.ts';
import { databaseImage, DatabaseStage } from '../../test/support/backup/database-stage.ts';
import type { JobRun, StartOptions } from '../../test/support/backup/database-stage.ts';
import { waitFor } from '../../test/support/wait.ts';
import type { BenchmarkContext } from '../benchmark.ts';
import { Sink } from './sink.ts';

const identity = 'bench.stack';
const rowBytes = 420;
const rowsAtOnce = 250_000;
const tables = ['calls_0', 'calls_1', 'calls_2', 'calls_3'];

/** Size of the database in GB: 1, or `BENCH_BACKUP_GB` (the long form has 10). */
export function databaseGB(): number {
  const gigabytes = Number(process.env['BENCH_BACKUP_GB'] ?? '1');
  if (!(gigabytes > 0 && gigabytes <= 100))
    throw new Error('BENCH_BACKUP_GB must be a number of gigabytes, at most 100');
  return gigabytes;
}

export interface BackupRun {
  readonly seconds: number;
  readonly result: BackupJobResult;
}

export class BackupBench {
  readonly stage: DatabaseStage;
  readonly sink: Sink;
  rows = 0;
  #backups = 0;

  private constructor(stage: DatabaseStage, sink: Sink) {
    this.stage = stage;
    this.sink = sink;
  }

  static async open(context: BenchmarkContext): Promise<BackupBench> {
    const stage = await DatabaseStage.open('bench-backup');
    context.atEnd(async () => await stage.close());
    const sink = await Sink.start(stage.gateway);
    context.atEnd(async () => await sink.stop());
    const bench = new BackupBench(stage, sink);
    await context.progress.step(`database of ${databaseGB()} GB`, async () => {
      await stage.sql(`SET GLOBAL innodb_buffer_pool_size = 536870912; SET GLOBAL innodb_log_file_size = 134217728; SET GLOBAL innodb_flush_log_at_trx_commit = 2; SET GLOBAL innodb_max_dirty_pages_pct_lwm = 0; SET GLOBAL innodb_max_dirty_pages_pct = 0;
        CREATE DATABASE jtel; CREATE DATABASE jtelstats; USE jtel;
        ${tables.map((table) => `CREATE TABLE ${table} (id INT AUTO_INCREMENT PRIMARY KEY, began DATETIME, caller VARCHAR(40), agent INT, queue VARCHAR(40), uuid CHAR(36), log TEXT, KEY (agent));`).join('\n')}`);
      await bench.append(Math.round((databaseGB() * 1e9) / rowBytes));
      await bench.settle();
    });
    return bench;
  }

  async append(count: number): Promise<void> {
    for (let left = count, turn = 0; left > 0; left -= rowsAtOnce, turn++) {
      await this.stage
        .sql(`SET sql_log_bin = 0; USE jtel; INSERT INTO ${tables[turn % tables.length]} (began, caller, agent, queue, uuid, log)
        SELECT '2026-01-01' + INTERVAL seq SECOND, CONCAT('+49', FLOOR(RAND() * 1e10)), seq % 500, CONCAT('queue ', seq % 37), UUID(),
          CONCAT('ring ', seq, '; answered by agent ', seq % 500, ' after ', FLOOR(RAND() * 90), ' s; recording ', MD5(RAND()), '; menu ', REPEAT('press one for sales, ', 1 + seq % 7), SHA2(RAND(), 256))
        FROM seq_1_to_${Math.min(left, rowsAtOnce)}`);
    }
    this.rows += count;
  }

  /** The changes of a day: 1 % of rows appended, 1 % updated among the newest 5 %, 0.01 % scattered. */
  async oneDay(): Promise<void> {
    const { rows } = this;
    await this.append(Math.round(rows / 100));
    for (const table of tables) {
      await this.stage.sql(`SET sql_log_bin = 0; USE jtel;
        UPDATE ${table} SET log = CONCAT('updated ', MD5(id), SUBSTRING(log, 41)) WHERE id > (SELECT MAX(id) * 0.95 FROM ${table}) AND id % 5 = 0;
        UPDATE ${table} SET agent = agent + 1 WHERE id % 10000 = ${Math.floor(Math.random() * 10_000)}`);
    }
    await this.settle();
  }

  /**
   * Writes all pages. Otherwise every backup has another redo log, and meets pages that are about to change.
   */
  async settle(): Promise<void> {
    const dirty =
      "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'Innodb_buffer_pool_pages_dirty'";
    await waitFor('all pages are written', async () => Number(await this.stage.sql(dirty)) === 0, {
      timeoutSeconds: 300,
    });
  }

  input(attempt: number, backupID: string, known: readonly KnownIndexPart[]): BackupJobInput {
    return {
      type: 'backup',
      backupID,
      attempt,
      identity,
      epoch: '20261123',
      upload: {
        kind: 'SignedURL',
        containerUrl: this.sink.containerUrl,
        query: 'sig=sink',
        prefix: '',
        expiresTime: '2099-01-01T00:00:00Z',
      },
      known,
      database: this.stage.databaseInput('Physical'),
      fileTrees: [],
      limits: {},
    };
  }

  newID(): string {
    return `20261123t${String(100_000 + ++this.#backups)}z-00c0de`;
  }

  partsOf(backupID: string): readonly KnownIndexPart[] {
    const number = (path: string): number => Number(/index-\d+-(\d+)\.zst$/.exec(path)?.[1]);
    return [...this.sink.blobs]
      .filter(([path]) => path.startsWith(`${identity}/backups/${backupID}/index-`))
      .toSorted(([a], [b]) => number(a) - number(b))
      .map(([path, { bytes, content }]) => ({
        url: `${this.sink.containerUrl}/${path}`,
        bytes,
        sha256: createHash('sha256')
          .update(content ?? Buffer.alloc(0))
          .digest('hex'),
      }));
  }

  /** A complete backup, timed from the start of the job's process to its end. */
  async backup(
    known: readonly KnownIndexPart[],
    backupID = this.newID(),
    build: StartOptions = {},
    attempt = 1,
  ): Promise<BackupRun> {
    const run = await this.stage.start(this.input(attempt, backupID, known), build);
    const outcome = await this.stage.finish(run);
    const seconds = await this.secondsOf(run.name);
    await this.stage.remove(run);
    if (outcome.result === undefined)
      throw new Error(`the backup failed: ${outcome.error?.message ?? outcome.log.slice(-500)}`);
    return { seconds, result: outcome.result as unknown as BackupJobResult };
  }

  /** Starts a backup and kills it when this many bytes of packs are in the sink. */
  async killedAt(packBytes: number, backupID: string): Promise<void> {
    const reached = new Promise<void>((resolve) => {
      const before = this.sink.packBytes;
      this.sink.onPack = () => {
        if (this.sink.packBytes - before >= packBytes) resolve();
      };
    });
    const run: JobRun = await this.stage.start(this.input(1, backupID, []));
    await Promise.race([reached, this.stage.finish(run)]);
    await this.stage.docker.tryRun(['kill', run.name]);
    this.sink.onPack = () => undefined;
    await this.stage.finish(run);
    await this.stage.remove(run);
  }

  async secondsOf(container: string): Promise<number> {
    const [began = '', ended = ''] = (
      await this.stage.docker.run([
        'inspect',
        '--format',
        '{{.State.StartedAt}} {{.State.FinishedAt}}',
        container,
      ])
    ).split(' ');
    return (Date.parse(ended) - Date.parse(began)) / 1000;
  }

  /**
   * Runs a shell command in a container beside the database, timed like the job.
   * @param image default: the database's, which has mariadb-backup and the client.
   */
  async command(
    script: string,
    image: string = databaseImage,
  ): Promise<{ readonly seconds: number; readonly output: string }> {
    const { stage } = this;
    const name = await stage.createPeer(image, script);
    try {
      await stage.docker.run(['start', name]);
      const code = await stage.docker.run(['wait', name]);
      const { stdout, stderr } = await stage.docker.tryRun(['logs', name]);
      if (code !== '0') throw new Error(`${script} ended with code ${code}: ${stderr.slice(-500)}`);
      return { seconds: await this.secondsOf(name), output: stdout };
    } finally {
      await stage.docker.remove(name);
    }
  }

  /** An image with the peers from the distribution's packages, or why there is none. */
  async peerImage(): Promise<{ readonly image: string } | { readonly missing: string }> {
    const image = 'jtel/bench-peers:dev';
    const dockerfile = `FROM ${toolboxImage}\nRUN apt-get update && apt-get install -y --no-install-recommends mariadb-backup rclone restic && rm -rf /var/lib/apt/lists/*\n`;
    const { code, stderr } = await this.stage.docker.tryRun(['build', '-q', '-t', image, '-'], {
      input: dockerfile,
    });
    return code === 0
      ? { image }
      : { missing: `the peers' packages could not be installed: ${stderr.slice(-300)}` };
  }
}
