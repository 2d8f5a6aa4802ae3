/**
 * The smoke checks of a test restore; pure. They come after the count, because a stack that was started writes. What is asked
 * by HTTP is started first, in a closed network.
 */

import type { ObservedContainer } from '../../../host-driver/host.ts';
import { isWell } from '../../hosts/health.ts';
import { failedChecks } from '../../loading/smoke-job.ts';
import type { Scratch, Smoke } from '../observe/observed.ts';
import type { Plan } from './actions.ts';
import { wait } from './obstacles.ts';
import { act, lookSeconds, note } from './test-steps.ts';

/** How the planner of the test treats what both have in common. */
interface Common {
  /** For too long since the count. */
  readonly isLate: () => boolean;
  readonly failed: (report: NonNullable<Scratch['smoke']>) => Plan;
}

/** @returns undefined once all answers were as expected */
export function planSmoke(smoke: Smoke, scratch: Scratch, common: Common): Plan | undefined {
  const { smoke: report } = scratch;
  switch (report?.job.state) {
    case 'Succeeded': {
      const failures = failedChecks(smoke.checks, report.result);
      return failures.length === 0 ? undefined : note('Failed', { is: 'SmokeFailed', failures });
    }
    case 'Failed':
      return common.failed(report);
    case 'Running':
      return wait('Starting', { reason: 'WaitingForHealth', facts: { is: 'Asks' } }, lookSeconds);
    default:
      return (
        startStack(smoke, scratch, common) ?? act('Starting', [{ type: 'StartSmoke', cause: 'StackRuns' }])
      );
  }
}

/** Undefined once all that are asked are well. */
function startStack({ services }: Smoke, scratch: Scratch, { isLate }: Common): Plan | undefined {
  const { host, project } = scratch;
  const containers = host.ok ? host.value.containers : [];
  const find = (service: string): ObservedContainer | undefined =>
    containers.find((container) => container.service === service);
  const down = services.find((service) => find(service)?.state !== 'running');
  if (down !== undefined)
    return isLate()
      ? note('Failed', { is: 'ServiceNotUp', service: down })
      : act('Starting', [{ type: 'StartStack', cause: 'Counted' }]);
  const unwell = services.map(find).find((container) => container !== undefined && !isWell(container));
  if (unwell === undefined) return undefined;
  const { service } = unwell;
  if (isLate()) return note('Failed', { is: 'ServiceNotHealthy', service });
  const facts = { is: 'ServiceStarts', service, project } as const;
  return wait('Starting', { reason: 'WaitingForHealth', facts }, lookSeconds);
}
