/**
 * Hosts that only the leader changes. A wave asks before each of its actions whether this process still leads; but an action makes
 * several calls, and the process may stand still between any two of them, as in a suspended virtual machine.
 */
import { auditedDriver } from '../host-driver/audited-driver.ts';
import type { HostDriver } from '../host-driver/host.ts';
import { LeadershipLost } from '../runtime/index.ts';

/**
 * @param mayAct whether this process is still the leader, by its own clock
 * @returns a driver whose hosts refuse effects with `LeadershipLost`
 */
export function ledDriver(driver: HostDriver, mayAct: () => boolean): HostDriver {
  return auditedDriver(
    driver,
    () => undefined,
    (action) => {
      if (!mayAct())
        throw new LeadershipLost(`${action} was not begun: this process is no longer the leader`);
    },
  );
}
