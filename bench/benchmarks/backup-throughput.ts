/**
 * `backup.throughput`: the first, full backup of a database, compared with the usual pipe, and with the two
 * limits that it cannot exceed: the database's own tool alone, and zstd alone on all cores. All figures are
 * bytes of the database's files per second.
 */
import { optionFilePath } from '../../jobs/companion.ts';
import { earlierJob } from '../backup/earlier-job.ts';
import { hostileBuild, restoreBuild, type EarlierBuild } from '../earlier-checkout.ts';
import { BackupBench, databaseGB } from '../backup/stage.ts';
import type { Benchmark, Contender, MissingPeer, Trial } from '../benchmark.ts';
import { formatValue } from '../statistics.ts';

const producerName = 'mariadb-backup alone';
const compressorName = 'zstd -1 on all cores';
const bothName = 'mariadb-backup | zstd -1 on all cores';
const pipeName = 'mariadb-dump | zstd -1 | rclone rcat';
const produce = `mariadb-backup --defaults-file=${optionFilePath} --backup --parallel=2 --stream=xbstream --target-dir=/tmp 2>/dev/null`;
const leastOfLimit = 0.9;
const leastOfPipe = 1.5;
/** Parts of the rate of earlier builds; the bounds on what comes from outside cost nothing that is seen. */
const leastOfEarlier = new Map<EarlierBuild, number>([
  [restoreBuild, 1.4],
  [hostileBuild, 0.98],
]);
const ofEarlierBuilds = [...leastOfEarlier].map(([{ name }, least]) => `≥ ${least} × the ${name}`).join('; ');

export const backupThroughput: Benchmark = {
  name: 'backup.throughput',
  unit: 'MB/s',
  runs: 5,
  goal: `${databaseGB()} GB: ≥ ${leastOfLimit} × the lower of "${producerName}" and "${compressorName}"; ≥ ${leastOfPipe} × "${pipeName}"; ${ofEarlierBuilds}`,

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
    const earlier = async (build: EarlierBuild): Promise<Contender | MissingPeer> => {
      const { name } = build;
      const job = await earlierJob(bench.stage.docker, build);
      if ('missing' in job) return { name, missing: job.missing };
      return { name, run: async () => megabytes / (await bench.backup([], bench.newID(), job)).seconds };
    };
    const earlierBuilds: (Contender | MissingPeer)[] = [];
    for (const build of leastOfEarlier.keys()) earlierBuilds.push(await earlier(build));
    if ('missing' in peers) throw new Error(peers.missing);
    const pipe = rate(
      pipeName,
      `mariadb-dump --defaults-file=${optionFilePath} --single-transaction --quick --databases jtel jtelstats | zstd -q -1 -c | rclone rcat --retries 1 "${connection}/dump.zst"`,
      peers.image,
    );
    return {
      product: { name: 'backup job', run: async () => megabytes / (await bench.backup([])).seconds },
      peers: [
        ...earlierBuilds,
        pipe,
        rate(producerName, `${produce} > /dev/null`),
        rate(compressorName, 'zstd -q -1 -T0 -c < /peers/stream > /dev/null', peers.image),
        rate(bothName, `${produce} | zstd -q -1 -T0 -c > /dev/null`, peers.image),
      ],
      judge: (product, measured) => {
        const of = (name: string): number | undefined => measured.find((peer) => peer.name === name)?.median;
        const limit = Math.min(of(producerName) ?? Infinity, of(compressorName) ?? Infinity);
        const ofLimit = product.median / limit;
        const ofEarlier = [...leastOfEarlier].map(([{ name }, least]) => {
          const ratio = product.median / (of(name) ?? Number.NaN);
          return { met: ratio >= least, because: `${formatValue(ratio)} × the ${name}` };
        });
        const ofPipe = product.median / (of(pipeName) ?? Number.NaN);
        return {
          met: ofLimit >= leastOfLimit && ofPipe >= leastOfPipe && ofEarlier.every(({ met }) => met),
          because: `${formatValue(product.median)} MB/s is ${formatValue(ofLimit)} × the lower limit, ${formatValue(ofPipe)} × the pipe, ${ofEarlier.map(({ because }) => because).join(', ')}`,
        };
      },
    };
  },
};
