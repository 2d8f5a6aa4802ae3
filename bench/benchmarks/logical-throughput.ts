/**
 * `logical.throughput`: a database out of a server and into another one as SQL, compared with mydumper and
 * myloader with the same number of threads. Ours goes through packs (cut, hashed, compressed, uploaded and
 * fetched); the peer writes plain files to a disk.
 */
import { availableParallelism } from 'node:os';
import type { BackupJobInput, BackupJobResult } from '../../jobs/backup.ts';
import { baseImageOf, ensureBaseImage } from '../../kit/base-image.ts';
import { silentProgress } from '../../kit/progress.ts';
import { BlobDouble } from '../../test/support/backup/blob-double.ts';
import { identity } from '../../test/support/backup/job-builder.ts';
import { backupToRead } from '../../test/support/backup/restore-builder.ts';
import { BackupBench, databaseGB } from '../backup/stage.ts';
import type { Benchmark, Trial } from '../benchmark.ts';
import { formatValue, sampleOf } from '../statistics.ts';

const least = 0.9;
const peerName = 'mydumper, then myloader';
/** As many as the jobs use on two to eight cores. */
const threads = Math.max(2, Math.min(4, availableParallelism()));
const settings =
  'SET GLOBAL innodb_buffer_pool_size = 536870912; SET GLOBAL innodb_log_file_size = 134217728; SET GLOBAL innodb_flush_log_at_trx_commit = 2';

export const logicalThroughput: Benchmark = {
  name: 'logical.throughput',
  unit: 'MB/s',
  runs: 5,
  goal: `${databaseGB()} GB, ${threads} threads: ≥ ${least} × "${peerName}"; bytes of SQL by the seconds of dump and load`,

  async prepare(context): Promise<Trial> {
    const bench = await BackupBench.open(context);
    const { stage } = bench;
    const account = "CREATE USER bench@'%' IDENTIFIED BY 'bench'; GRANT ALL ON *.* TO bench@'%'";
    const second = await stage.serve(`${stage.name}-second`);
    await stage.sql(account);
    await stage.sql(`${settings}; ${account}`, second);
    await ensureBaseImage(stage.docker, silentProgress, 'bookworm');
    const image = 'jtel/bench-mydumper:dev';
    const dockerfile = `FROM ${baseImageOf('bookworm')}\nRUN apt-get update && apt-get install -y --no-install-recommends mydumper && rm -rf /var/lib/apt/lists/*\n`;
    await stage.docker.run(['build', '-q', '-t', image, '-'], { input: dockerfile });
    const seconds = {
      dump: [] as number[],
      load: [] as number[],
      peerDump: [] as number[],
      peerLoad: [] as number[],
    };
    let megabytes = 0;

    const ours = async (): Promise<number> => {
      const double = await BlobDouble.start(stage.gateway);
      try {
        const input: BackupJobInput = {
          type: 'backup',
          backupID: bench.newID(),
          attempt: 1,
          identity,
          epoch: '20261123',
          known: [],
          fileTrees: [],
          limits: {},
          database: stage.databaseInput('Logical'),
          upload: {
            kind: 'SignedURL',
            containerUrl: double.containerUrl,
            query: 'sp=c&sig=canary-create',
            prefix: '',
            expiresTime: '2099-01-01T00:00:00Z',
          },
        };
        const run = await stage.start(input);
        const outcome = await stage.finish(run);
        const dump = await bench.secondsOf(run.name);
        await stage.remove(run);
        if (outcome.result === undefined)
          throw new Error(`the backup failed: ${outcome.error?.message ?? outcome.log.slice(-500)}`);
        const result = outcome.result as unknown as BackupJobResult;
        megabytes = result.totalBytes / 1e6;
        const began = performance.now();
        const { error } = await stage.load(second, backupToRead(double, result));
        if (error !== undefined) throw new Error(`the load failed: ${error.message}`);
        const load = (performance.now() - began) / 1000;
        seconds.dump.push(dump);
        seconds.load.push(load);
        return megabytes / (dump + load);
      } finally {
        await double.stop();
      }
    };
    const theirs = async (): Promise<number> => {
      const dump = await bench.command(
        `rm -rf /peers/dump; mydumper -h acd-dbm -u bench -p bench -B jtel -t ${threads} -o /peers/dump`,
        image,
      );
      const load = await bench.command(
        `myloader -h ${second} -u bench -p bench -B jtel -o -e -t ${threads} -d /peers/dump`,
        image,
      );
      seconds.peerDump.push(dump.seconds);
      seconds.peerLoad.push(load.seconds);
      return megabytes / (dump.seconds + load.seconds);
    };
    await ours();
    for (const each of Object.values(seconds)) each.length = 0;
    return {
      product: { name: 'backup and restore jobs', run: ours },
      peers: [{ name: peerName, run: theirs }],
      judge: (product, [peer]) => {
        const ratio = product.median / (peer?.median ?? Number.NaN);
        const of = (values: readonly number[]): string => `${formatValue(sampleOf(values).median)} s`;
        return {
          met: ratio >= least,
          because: `${formatValue(ratio)} × the peer; dump ${of(seconds.dump)} and load ${of(seconds.load)}, the peer's ${of(seconds.peerDump)} and ${of(seconds.peerLoad)}`,
        };
      },
    };
  },
};
