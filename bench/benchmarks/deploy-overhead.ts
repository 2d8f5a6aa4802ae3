/**
 * `deploy.overhead`: what the operator adds to compose. Both start the same containers on the same host, with
 * images and data present: the operator from the change of the resource to `Ready`, compose as a person would
 * type it.
 *
 * Before each run the stack is suspended, and its containers and networks are removed, so neither has a head
 * start.
 */
import { waitFor } from '../../test/support/wait.ts';
import type { Benchmark, Trial } from '../benchmark.ts';
import { formatValue } from '../statistics.ts';
import { installStack, type InstalledStack } from './installed-stack.ts';

const factor = 1.1;
const allowanceSeconds = 1;
const composeSeconds = 300;

export const deployOverhead: Benchmark = {
  name: 'deploy.overhead',
  unit: 's',
  runs: 5,
  goal: `at most ${factor} times as long as docker compose up -d --wait on the host, and ${allowanceSeconds} s`,

  async prepare(context): Promise<Trial> {
    const stack = await installStack(context);
    return {
      product: {
        name: 'jtel-operator',
        run: async () => {
          await takeDown(stack);
          const start = performance.now();
          await stack.ready(await stack.apply({ suspend: false }));
          return secondsSince(start);
        },
      },
      peers: [
        {
          name: 'docker compose up -d --wait',
          run: async () => {
            await takeDown(stack);
            const start = performance.now();
            await compose(stack, ['up', '-d', '--wait']);
            return secondsSince(start);
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

/** The operator only looks, nothing runs, images and data stay. */
async function takeDown(stack: InstalledStack): Promise<void> {
  const generation = await stack.apply({ suspend: true });
  await waitFor('the operator to be suspended', async () => {
    const { status } = await stack.read();
    return status?.conditions?.some(
      ({ type, status: value, observedGeneration = 0 }) =>
        type === 'Paused' && value === 'True' && observedGeneration >= generation,
    );
  });
  await compose(stack, ['down']);
}

async function compose(
  { sandbox, host, project }: InstalledStack,
  command: readonly string[],
): Promise<void> {
  const file = `/opt/jtel/${project}/current/compose.yaml`;
  await sandbox.docker.exec(host.container, ['docker', 'compose', '-p', project, '-f', file, ...command], {
    timeoutSeconds: composeSeconds,
  });
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}
