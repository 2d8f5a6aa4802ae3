/**
 * `web.memory`: what the page takes beside caches that the operator has anyway. Two processes hold the same
 * fleet in memory, of which much changes: one serves it to open pages, the other to nobody.
 */
import { fileURLToPath } from 'node:url';
import { run } from '../../kit/process.ts';
import type { Benchmark, Contender, Trial } from '../benchmark.ts';
import { formatValue } from '../statistics.ts';

const goalMB = 30;
const openPages = 10;
/** As image and chart give them. */
const flagsOfOperator = ['--max-opt=2', '--liftoff-only', '--max-semi-space-size=8'];
const fleet = fileURLToPath(new URL('web-fleet.ts', import.meta.url));

export const webMemory: Benchmark = {
  name: 'web.memory',
  unit: 'MB',
  runs: 5,
  goal: `less than ${goalMB} MB more with 1000 stacks, 30 backups each, and ten open pages`,

  prepare: async (): Promise<Trial> => ({
    product: growth('1000 stacks', 1_000, 30, flagsOfOperator),
    peers: [
      growth('without flags, as the plug-in', 1_000, 30),
      growth('10 000 stacks, 3 backups each', 10_000, 3, flagsOfOperator),
    ],
    judge: (product) => ({
      met: product.median < goalMB,
      because: `${formatValue(product.median)} of ${goalMB} MB`,
    }),
  }),
};

/** @param flags of Node; what is only garbage for a moment makes its young generation grow, and that stays */
function growth(
  name: string,
  stacks: number,
  backupsOfEach: number,
  flags: readonly string[] = [],
): Contender {
  return {
    name,
    run: async () => {
      const resident = async (pages: number): Promise<number> =>
        Number(
          await run(
            [
              process.execPath,
              '--expose-gc',
              ...flags,
              fleet,
              'fleet',
              ...[stacks, backupsOfEach, pages].map(String),
            ],
            { timeoutSeconds: 300 },
          ),
        );
      return (await resident(openPages)) - (await resident(0));
    },
  };
}
