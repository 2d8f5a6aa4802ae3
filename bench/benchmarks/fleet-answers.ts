/** `fleet.answers`: how long a person waits for `kubectl jtel fleet -A` over a thousand stacks, from the start of the process to its end. */
import { join } from 'node:path';
import { installedPlugin, installPlugin } from '../../images/plugin.ts';
import { run } from '../../kit/process.ts';
import type { JtelStack } from '../../crds/index.ts';
import { startAPIDouble } from '../../test/support/api-double.ts';
import type { Benchmark, Contender, Trial } from '../benchmark.ts';
import { formatValue } from '../statistics.ts';

const goalSeconds = 1;
const stackCount = 1_000;

export const fleetAnswers: Benchmark = {
  name: 'fleet.answers',
  unit: 's',
  runs: 7,
  goal: `less than ${goalSeconds} s at ${stackCount} stacks`,

  prepare: async ({ atEnd }): Promise<Trial> => {
    await installPlugin();
    const plugin = join(installedPlugin, 'kubectl-jtel');
    const ask = async (name: string, count: number): Promise<Contender> => {
      const items = Array.from({ length: count }, (_, index) => stackOf(index));
      // An API server has them in its cache, and sends them as fast as a line takes them.
      const answer = Buffer.from(JSON.stringify({ metadata: { resourceVersion: '1' }, items }));
      const api = await startAPIDouble((request, response) => {
        request.resume();
        response.end(answer);
      });
      atEnd(() => api.close());
      return {
        name,
        run: async () => {
          const begin = performance.now();
          const output = await run([plugin, 'fleet', '-A', '--kubeconfig', api.kubeconfig], {
            timeoutSeconds: 60,
          });
          const seconds = (performance.now() - begin) / 1000;
          if (!output.startsWith(`${count} stack`))
            throw new Error(`not asked of ${count} stacks: ${output}`);
          return seconds;
        },
      };
    };
    return {
      product: await ask(`${stackCount} stacks`, stackCount),
      // What starting the program takes.
      peers: [await ask('one stack', 1)],
      judge: (product) => ({
        met: product.median < goalSeconds,
        because: `${formatValue(product.median)} of ${goalSeconds} s`,
      }),
    };
  },
};

/** Each question has something to tell of some of them; a stack takes some 10 KB, as real ones with all their containers. */
function stackOf(index: number): JtelStack {
  const time = '2026-03-01T00:00:00Z';
  const conditions = ['Ready', 'Available', 'HostReachable', 'BackupHealthy', 'UpToDate'].map((type) => ({
    type,
    status: 'True',
    reason: index % 50 === 0 ? 'WaitingForWindow' : 'Healthy',
    message: 'What there is to tell of it. '.repeat(8),
    lastTransitionTime: time,
  }));
  const components = Array.from({ length: 20 }, (_, each) => ({
    name: `acd-web-${each}`,
    image: 'registry.jtel.example/jtel/acd-web',
    digest: `sha256:${'a'.repeat(64)}`,
    state: 'running',
    health: 'healthy',
  }));
  const host = {
    os: `Debian GNU/Linux ${12 + (index % 2)}`,
    dockerVersion: `${28 + (index % 2)}.1.0`,
    diskTotalBytes: 500e9,
    diskFreeBytes: (index % 100) * 5e9,
    diskMarks: [{ time, freeBytes: 450e9 }],
  };
  const status = { phase: 'Ready', version: '3.43.2', conditions, components, host };
  return {
    metadata: { namespace: `customer-${index}`, name: `stack-${index}`, creationTimestamp: time },
    spec: { version: '3.43.2', backup: { storeRef: { name: 'backups' } } },
    status,
  } as unknown as JtelStack;
}
