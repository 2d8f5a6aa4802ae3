/**
 * `backup.incremental`: what the next day's backup stores, as a share of the first day's. A day appends 1 %
 * of the rows, updates as many among the newest 5 %, and 0.01 % scattered. Each round is one more day. restic
 * reads the same files.
 */
import { databaseGB, BackupBench } from '../backup/stage.ts';
import type { Benchmark, Contender, MissingPeer, Trial } from '../benchmark.ts';
import { formatValue, sampleOf } from '../statistics.ts';

const mostBytes = 0.05;
const mostSeconds = 0.45;

export const backupIncremental: Benchmark = {
  name: 'backup.incremental',
  unit: 'ratio',
  runs: 5,
  goal: `${databaseGB()} GB, the next day: ≤ ${mostBytes} of the first day's bytes in ≤ ${mostSeconds} of its time`,

  async prepare(context): Promise<Trial> {
    const bench = await BackupBench.open(context);
    // The very first run is a warm-up.
    await bench.backup([]);
    let last = '';
    const firstSeconds: number[] = [];
    let firstBytes = 0;
    for (let round = 0; round < 3; round++) {
      last = bench.newID();
      const { seconds: took, result } = await bench.backup([], last);
      firstSeconds.push(took);
      firstBytes = result.uploadedBytes;
    }
    const wholeSeconds = sampleOf(firstSeconds).median;
    const seconds: number[] = [];
    const peers = await bench.peerImage();
    return {
      product: {
        name: 'backup job',
        run: async () => {
          await bench.oneDay();
          const id = bench.newID();
          const next = await bench.backup(bench.partsOf(last), id);
          last = id;
          seconds.push(next.seconds);
          return next.result.uploadedBytes / firstBytes;
        },
      },
      peers: [
        'missing' in peers ? { name: resticName, missing: peers.missing } : await restic(bench, peers.image),
      ],
      judge: (product) => {
        const part = sampleOf(seconds).median / wholeSeconds;
        return {
          met: product.median <= mostBytes && part <= mostSeconds,
          because: `${formatValue(product.median)} of the bytes in ${formatValue(part)} of the time (${formatValue(sampleOf(seconds).median)} s of ${formatValue(wholeSeconds)} s)`,
        };
      },
    };
  },
};

const resticName = 'restic, same files';

async function restic(bench: BackupBench, image: string): Promise<Contender | MissingPeer> {
  const script = `export RESTIC_PASSWORD=bench RESTIC_REPOSITORY=/peers/restic RESTIC_COMPRESSION=auto
    restic cat config >/dev/null 2>&1 || restic init >/dev/null; restic backup --json /var/lib/mysql | tail -1`;
  const added = async (): Promise<number> => {
    const { output } = await bench.command(script, image);
    return (
      (
        JSON.parse(output.trim().split('\n').at(-1) ?? '{}') as {
          data_added_packed?: number;
          data_added?: number;
        }
      ).data_added_packed ?? Number.NaN
    );
  };
  const first = await added();
  if (!(first > 0)) return { name: resticName, missing: 'restic does not tell what it stored' };
  return { name: resticName, run: async () => (await added()) / first };
}
