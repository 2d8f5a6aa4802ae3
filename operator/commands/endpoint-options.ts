/** The options that say which addresses resources may name: what the operator itself is given, its check is given, too. */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { Option, type Command } from 'commander';
import { AddressRules, clusterSearchDomains } from '../../base/address-rules.ts';
import { UsageError } from '../../command-line/terminal.ts';
import type { OperatorConfig } from '../config.ts';

export interface EndpointOptions {
  readonly allowEndpointRange: readonly string[];
  readonly clusterRange: readonly string[];
  readonly allowHttpStores: boolean;
}

export function withEndpointOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--allow-endpoint-range <cidr...>',
        'stores and hosts of stacks may have these addresses, although they are link-local, the machine’s own, or the cluster’s',
      ).default([], 'none'),
    )
    .addOption(
      new Option(
        '--cluster-range <cidr...>',
        'addresses of this cluster’s pods and services: no store may have them',
      ).default([], 'that of the API server, as pods see it'),
    )
    .addOption(
      new Option(
        '--allow-http-stores',
        'for tests: stores may have http:// endpoints, whose data and signatures pass unencrypted',
      ).default(false, 'refused'),
    );
}

/** @throws {UsageError} */
export async function endpointRulesOf({
  allowEndpointRange: allowed,
  clusterRange,
  allowHttpStores: allowsHTTP,
}: EndpointOptions): Promise<Pick<OperatorConfig, 'endpoints' | 'hostAddresses'>> {
  // Some clusters give pods a name here, of an API server that is outside their own network.
  const apiServer = process.env['KUBERNETES_SERVICE_HOST'] ?? '';
  const own = isIP(apiServer) === 0 ? [] : [`${apiServer}/${isIP(apiServer) === 6 ? 128 : 32}`];
  const resolvConf = await readFile('/etc/resolv.conf', 'utf8').catch(() => '');
  try {
    return {
      endpoints: {
        addresses: new AddressRules({
          allowed,
          cluster: [...own, ...clusterRange],
          searchDomains: clusterSearchDomains(resolvConf),
        }),
        allowsHTTP,
      },
      hostAddresses: new AddressRules({ allowed }),
    };
  } catch (error) {
    if (error instanceof RangeError)
      throw new UsageError(`--allow-endpoint-range, --cluster-range: ${error.message}`);
    throw error;
  }
}
