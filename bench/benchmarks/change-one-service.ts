/**
 * `change.one`: one variable of one service changed, from the change of the resource to `Ready`. The peer is
 * what a person types on the host: `docker compose up -d --wait <service>`.
 */
import { waitFor } from '../../test/support/wait.ts';
import type { Benchmark, Trial } from '../benchmark.ts';
import { formatValue } from '../statistics.ts';
import { installStack } from './installed-stack.ts';

const factor = 1.1;
const allowanceSeconds = 1;
const service = 'acd-tel1';
const marker = 'JTEL_BENCH_VALUE';

export const changeOneService: Benchmark = {
  name: 'change.one',
  unit: 's',
  runs: 5,
  goal: `at most ${factor} times as long as docker compose up -d --wait <service> on the host, and ${allowanceSeconds} s`,

  async prepare(context): Promise<Trial> {
    const stack = await installStack(context);
    let number = 0;
    const components = (): readonly unknown[] => [
      { name: service, env: [{ name: marker, value: `value-${number}` }] },
    ];
    const file = `/opt/jtel/${stack.project}/current/compose.yaml`;
    return {
      product: {
        name: 'jtel-operator',
        run: async () => {
          // What the peer left is drift. It is corrected before the clock runs.
          await stack.ready(await stack.apply({ components: components(), suspend: false }));
          await stack.settled();
          number += 1;
          const start = performance.now();
          await stack.ready(await stack.apply({ components: components(), suspend: false }));
          return (performance.now() - start) / 1000;
        },
      },
      peers: [
        {
          name: 'docker compose up -d --wait <service>',
          run: async () => {
            await stack.apply({ components: components(), suspend: true });
            await waitFor(
              'the operator to be suspended',
              async () => (await stack.read()).status?.phase === 'Suspended',
            );
            const compose = (text: string): Promise<string> =>
              stack.sandbox.docker.exec(stack.host.container, ['sh', '-ec', text], { timeoutSeconds: 300 });
            const up = `docker compose -p ${stack.project} -f /root/bench.yaml up -d --wait`;
            // Once with everything, so only the one service differs when the clock runs.
            await compose(`cp ${file} /root/bench.yaml && ${up}`);
            await compose(`sed -i 's/${marker}=[^"]*"/${marker}=by-hand-${number}"/' /root/bench.yaml`);
            const start = performance.now();
            await compose(`${up} ${service}`);
            return (performance.now() - start) / 1000;
          },
        },
      ],
      judge: (product, [peer]) => {
        if (peer === undefined) return { met: false, because: 'nothing to compare with' };
        const limit = factor * peer.median + allowanceSeconds;
        return {
          met: product.median <= limit,
          because: `${formatValue(product.median / peer.median)} times as long; at most ${formatValue(limit)} s`,
        };
      },
    };
  },
};
