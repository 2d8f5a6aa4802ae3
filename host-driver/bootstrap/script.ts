/**
 * The set-up script of a host: a few variables from the spec, then constant text. It can run again at any
 * time. `jtel-operator host script` prints it for people who run it by hand.
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { HostSetup } from '../host.ts';
import { quote } from '../ssh/quote.ts';
import { InvalidValue, valid, validInteger } from '../values.ts';
import { daemonMembers, proxyVariables } from './docker-settings.ts';
import { firewallTable } from './firewall.ts';

// The names are literal, so that the bundler of the image finds the files.
const body = [
  readFileSync(new URL('setup-common.sh', import.meta.url), 'utf8'),
  readFileSync(new URL('setup-docker.sh', import.meta.url), 'utf8'),
  readFileSync(new URL('setup.sh', import.meta.url), 'utf8'),
].join('');

/** After so many seconds, the host rolls back a firewall that nobody confirmed over a new connection. */
export const firewallRollbackSeconds = 120;

/**
 * A whole POSIX shell script: `sudo sh SCRIPT run USER`. Its only secret is a proxy's credentials. @throws
 * InvalidValue.
 */
export function hostScript(setup: HostSetup, rollbackSeconds = firewallRollbackSeconds): string {
  const { mode, timeZone, dns, firewall, docker, proxy } = setup;
  const variables = {
    mode: mode === 'Managed' ? 'Managed' : 'Preinstalled',
    time_zone: timeZone === undefined ? '' : valid('timeZone', timeZone),
    nameservers: (dns?.nameservers ?? []).map(address).join(' '),
    search: (dns?.searchDomains ?? []).map((domain) => valid('domainName', domain)).join(' '),
    hosts: (dns?.hosts ?? [])
      .map(({ ip, names }) => [address(ip), ...names.map((name) => valid('domainName', name))].join(' '))
      .join('\n'),
    firewall: firewall === undefined ? '' : firewallTable(firewall),
    docker_members: docker === undefined ? '' : daemonMembers(docker),
    proxy: proxy === undefined ? '' : proxyVariables(proxy),
    rollback_seconds: String(validInteger('roll-back seconds', rollbackSeconds, 1, 3600)),
  };
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${quote(value)}`);
  return [
    '#!/bin/sh',
    '# Puts a host in order for a jtel stack: Docker and compose, DNS, time zone, firewall. Can be run again.',
    ...lines,
    '',
    body,
  ].join('\n');
}

function address(text: string): string {
  if (isIP(text) === 0 || text.includes('%'))
    throw new InvalidValue(`${JSON.stringify(text.slice(0, 80))} is not an IP address`);
  return text;
}
