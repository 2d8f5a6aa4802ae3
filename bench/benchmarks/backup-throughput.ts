/**
 * `backup.throughput`: the first, full backup of a database, compared with the usual pipe, and with the two
 * limits that it cannot exceed: the database's own tool alone, and zstd alone on all cores. All figures are
 * bytes of the database's files per second.
 */
import { optionFilePath } from '../../jobs/companion.ts';
import { earlierBuild } from '../backup/earlier-build.ts';
import { earlierName } from '../earlier-checkout.ts';
import { BackupBench, databaseGB } from '../backup/stage.ts';
import type { Benchmark, Contender, Trial } from '../benchmark.ts';
import { formatValue } from '../statistics.ts';

const producerName = 'mariadb-backup alone';
const compressorName = 'zstd -1 on all cores';
const bothName = 'mariadb-backup | zstd -1 on all cores';
const pipeName = 'mariadb-dump | zstd -1 | rclone rcat';
const produce = `mariadb-backup --defaults-file=${optionFilePath} --backup --parallel=2 --stream=xbstream --target-dir=/tmp 2>/dev/null`;
const leastOfLimit = 0.9;
const leastOfPipe = 1.5;
const leastOfEarlier = 1.4;

export const backupThroughput: Benchmark = {
  name: 'backup.throughput',
  unit: 'MB/s',
  runs: 5,
  goal: `${databaseGB()} GB: ≥ ${leastOfLimit} × the lower of "${producerName}" and "${compressorName}"; ≥ ${leastOfPipe} × "${pipeName}"; ≥ ${leastOfEarlier} × the ${earlierName}`,

  async prepare(context): Promise<Trial> {
    const bench = await BackupBench.open(context);
    const first = await bench.backup([]);
    const megabytes = first.result.totalBytes / 1e6;
    const peers = await bench.peerImage();
    await bench.command(`${produce} > /peers/stream`);
    const rate = (name: string, script: string, image?: string): Contender => ({
      name,
      run: async () => megabytes / (await bench.command(script, image)).seconds,
    });
    const connection = `:azureblob,account=account,sas_url='${bench.sink.containerUrl}?sig=sink':backups`;
    const earlier = await earlierBuild(bench.stage.docker);
    if ('missing' in peers) throw new Error(peers.missing);
    const pipe = rate(
      pipeName,
      `mariadb-dump --defaults-file=${optionFilePath} --single-transaction --quick --databases jtel jtelstats | zstd -q -1 -c | rclone rcat --retries 1 "${connection}/dump.zst"`,
      peers.image,
    );
    return {
      product: { name: 'backup job', run: async () => megabytes / (await bench.backup([])).seconds },
      peers: [
        'missing' in earlier
          ? { name: earlierName, missing: earlier.missing }
          : {
              name: earlierName,
              run: async () => megabytes / (await bench.backup([], bench.newID(), earlier)).seconds,
            },
        pipe,
        rate(producerName, `${produce} > /dev/null`),
        rate(compressorName, 'zstd -q -1 -T0 -c < /peers/stream > /dev/null', peers.image),
        rate(bothName, `${produce} | zstd -q -1 -T0 -c > /dev/null`, peers.image),
      ],
      judge: (product, measured) => {
        const of = (name: string): number | undefined => measured.find((peer) => peer.name === name)?.median;
        const limit = Math.min(of(producerName) ?? Infinity, of(compressorName) ?? Infinity);
        const ofLimit = product.median / limit;
        const ofEarlier = product.median / (of(earlierName) ?? Number.NaN);
        const ofPipe = product.median / (of(pipeName) ?? Number.NaN);
        return {
          met: ofLimit >= leastOfLimit && ofPipe >= leastOfPipe && ofEarlier >= leastOfEarlier,
          because: `${formatValue(product.median)} MB/s is ${formatValue(ofLimit)} × the lower limit, ${formatValue(ofPipe)} × the pipe, ${formatValue(ofEarlier)} × the ${earlierName}`,
        };
      },
    };
  },
};
