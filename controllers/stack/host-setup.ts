/** What the spec asks of the host itself, before any container; pure. */

import type { JtelStack } from '../../crds/index.ts';
import type { HostSetup } from '../../host-driver/host.ts';
import type { Release } from '../../release/generated/release.ts';
import { firewallRules } from '../../release/host-needs.ts';

/** The firewall is only touched when the spec says who may come in: an empty default would lock a host or open it. */
export function hostSetup(stack: JtelStack, release: Release): HostSetup {
  const { host, network } = stack.spec;
  return {
    mode: host.bootstrap,
    ...(host.timeZone === undefined ? {} : { timeZone: host.timeZone }),
    ...(host.dns === undefined
      ? {}
      : {
          dns: {
            nameservers: host.dns.nameservers ?? [],
            searchDomains: host.dns.searchDomains ?? [],
            hosts: host.dns.hosts ?? [],
          },
        }),
    ...(network.allow === undefined ? {} : { firewall: firewallRules(release, network, host.port) }),
  };
}
