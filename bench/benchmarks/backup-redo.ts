/** `backup.redo`: bytes stored a second time when a backup is killed at 90 % and tried again. */
import { BackupBench, databaseGB } from '../backup/stage.ts';
import type { Benchmark, Trial } from '../benchmark.ts';
import { formatValue } from '../statistics.ts';

const most = 0.02;
const killedAt = 0.9;

export const backupRedo: Benchmark = {
  name: 'backup.redo',
  unit: 'ratio',
  runs: 5,
  goal: `${databaseGB()} GB, killed at ${killedAt * 100} %: ≤ ${most} of all packs are stored again`,

  async prepare(context): Promise<Trial> {
    const bench = await BackupBench.open(context);
    const whole = (await bench.backup([])).result.storedBytes;
    return {
      product: {
        name: 'backup job',
        run: async () => {
          const id = bench.newID();
          const before = bench.sink.packBytes;
          await bench.killedAt(whole * killedAt, id);
          const { result } = await bench.backup(bench.partsOf(id), id, {}, 2);
          return Math.max(0, bench.sink.packBytes - before - result.storedBytes) / result.storedBytes;
        },
      },
      peers: [{ name: 'a tool that starts over', run: () => Promise.resolve(killedAt) }],
      judge: (product) => ({
        met: product.median <= most,
        because: `${formatValue(product.median)} of ${Math.round(whole / 1e6)} MB`,
      }),
    };
  },
};
