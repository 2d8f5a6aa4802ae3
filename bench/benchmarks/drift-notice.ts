/** `drift.notice`: from the moment a container is killed on the host until the stack's status says so. */
import { waitFor } from '../../test/support/wait.ts';
import type { Benchmark, Trial } from '../benchmark.ts';
import { formatValue } from '../statistics.ts';
import { installStack } from './installed-stack.ts';

const limitSeconds = 2;
const service = 'acd-tel1';

export const driftNotice: Benchmark = {
  name: 'drift.notice',
  unit: 's',
  runs: 20,
  goal: `less than ${limitSeconds} s, also the slowest`,

  async prepare(context): Promise<Trial> {
    const stack = await installStack(context);
    const onHost = (script: string): Promise<string> =>
      stack.sandbox.docker.exec(stack.host.container, ['sh', '-ec', script]);
    const drifted = async (): Promise<boolean> =>
      (await stack.read()).status?.conditions?.some(
        ({ type, status }) => type === 'Drifted' && status === 'True',
      ) ?? false;
    let slowest = 0;
    return {
      product: {
        name: 'jtel-operator',
        run: async () => {
          await waitFor(
            'the stack to be at rest',
            async () => (await stack.read()).status?.phase === 'Ready' && !(await drifted()),
            { timeoutSeconds: 120 },
          );
          await stack.settled();
          const id = (
            await onHost(`docker ps -q --filter label=com.docker.compose.service=${service}`)
          ).trim();
          // The moment of the death by the host's own clock, so the time to reach the host does not count.
          const killed = Number(await onHost(`docker kill ${id} >/dev/null; date +%s.%N`)) * 1000;
          await waitFor('the status to say so', drifted, { timeoutSeconds: 60, intervalMilliseconds: 10 });
          const seconds = Math.max(0, (Date.now() - killed) / 1000);
          slowest = Math.max(slowest, seconds);
          return seconds;
        },
      },
      peers: [],
      judge: () => ({ met: slowest < limitSeconds, because: `the slowest took ${formatValue(slowest)} s` }),
    };
  },
};
