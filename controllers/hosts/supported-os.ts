/** Which systems the operator sets up by itself. Pure. */
import type { HostFacts } from '../../host-driver/host.ts';

export const oldestDebian = 12;

export function isSupportedOS({ osID, osVersion }: Pick<HostFacts, 'osID' | 'osVersion'>): boolean {
  return osID === 'debian' && Number.parseInt(osVersion, 10) >= oldestDebian;
}
