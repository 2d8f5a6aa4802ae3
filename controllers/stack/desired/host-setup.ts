/** What the spec asks of the host itself, before any container; pure. */

import type { JtelStack } from '../../../crds/index.ts';
import type { HostProxy, HostSetup } from '../../../host-driver/host.ts';
import type { Release } from '../../../release/generated/release.ts';
import { firewallRules } from '../../../release/host-needs.ts';
import { optional } from '../../../base/optional.ts';

type ProxyCredentials = NonNullable<NonNullable<HostSetup['proxy']>['credentials']>;

/**
 * The firewall is only touched when the spec says who may come in: an empty default would lock a host or open it.
 * @param credentials of the proxy; a script that people run by hand goes without
 */
export function hostSetup(stack: JtelStack, release: Release, credentials?: ProxyCredentials): HostSetup {
  const { host, network } = stack.spec;
  return {
    mode: host.bootstrap,
    ...optional({ timeZone: host.timeZone }),
    ...(host.dns === undefined
      ? {}
      : {
          dns: {
            nameservers: host.dns.nameservers ?? [],
            searchDomains: host.dns.searchDomains ?? [],
            hosts: host.dns.hosts ?? [],
          },
        }),
    ...optional({ docker: host.docker }),
    ...(host.proxy === undefined ? {} : { proxy: proxyOf(host.proxy, credentials) }),
    ...(network.allow === undefined ? {} : { firewall: firewallRules(release, network, host.port) }),
  };
}

function proxyOf(
  { http, https, noProxy = [] }: NonNullable<JtelStack['spec']['host']['proxy']>,
  credentials: ProxyCredentials | undefined,
): HostProxy {
  return {
    ...optional({ http, https }),
    noProxy,
    ...optional({ credentials }),
  };
}
