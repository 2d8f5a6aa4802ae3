/**
 * Makes the host's firewall: one nftables table of our own. It hooks in before Docker's address translation,
 * because rules in the input chain never see traffic to published ports. Pure.
 */
import { isIP } from 'node:net';
import type { FirewallPort, FirewallRules } from '../host.ts';
import { InvalidValue, validInteger } from '../values.ts';

/**
 * Text for nft that replaces the table in one transaction. @throws InvalidValue for an invalid address, CIDR
 * or port.
 */
export function firewallTable(rules: FirewallRules): string {
  const sources = {
    admin: sourceMatches(rules.admin, 'everybody'),
    web: sourceMatches(rules.web, 'everybody'),
    sip: sourceMatches(
      rules.sip.map((one) => one.cidr),
      'nobody',
    ),
  };
  const ssh: FirewallPort = { group: 'admin', protocol: 'tcp', from: rules.sshPort, to: rules.sshPort };
  const accepts = [ssh, ...rules.ports].flatMap((port) => {
    const from = validInteger('port', port.from, 1, 65_535);
    const to = validInteger('port', port.to, from, 65_535);
    const protocol = port.protocol === 'udp' ? 'udp' : 'tcp';
    return sources[port.group].map(
      (match) => `    ${match}${protocol} dport ${from === to ? from : `${from}-${to}`} accept`,
    );
  });
  return [
    // The first line makes the second one valid when there is no table yet.
    'table inet jtel',
    'delete table inet jtel',
    'table inet jtel {',
    '  chain inbound {',
    '    type filter hook prerouting priority mangle; policy drop;',
    '    ct state established,related accept',
    '    iifname "lo" accept',
    '    iifname { "docker0", "docker_gwbridge" } accept',
    '    iifname "br-*" accept',
    '    meta l4proto { icmp, ipv6-icmp } accept',
    '    udp sport 67 udp dport 68 accept',
    '    udp sport 547 udp dport 546 accept',
    ...new Set(accepts),
    '  }',
    '}',
  ].join('\n');
}

/** One match per address family. An empty text matches all sources. */
function sourceMatches(list: readonly string[], whenEmpty: 'everybody' | 'nobody'): string[] {
  if (list.length === 0) return whenEmpty === 'everybody' ? [''] : [];
  const parsed = list.map(parseCidr);
  const family = (version: 4 | 6, keyword: string) => {
    const members = parsed.filter((one) => one.version === version);
    if (members.length === 0) return [];
    if (members.some((one) => one.bits === 0)) return [`meta nfproto ${version === 4 ? 'ipv4' : 'ipv6'} `];
    return [...new Set(members.map((one) => `${keyword} saddr ${one.text} `))];
  };
  return [...family(4, 'ip'), ...family(6, 'ip6')];
}

function parseCidr(text: string): { readonly version: 4 | 6; readonly bits: number; readonly text: string } {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (
    (version !== 4 && version !== 6) ||
    address.includes('%') ||
    rest.length > 0 ||
    (prefix !== undefined && !/^\d{1,3}$/.test(prefix))
  ) {
    throw new InvalidValue(`${JSON.stringify(text.slice(0, 80))} is neither an address nor a CIDR range`);
  }
  const most = version === 4 ? 32 : 128;
  const bits = validInteger(
    `prefix length of ${address}`,
    prefix === undefined ? most : Number(prefix),
    0,
    most,
  );
  return { version, bits, text: `${address}/${bits}` };
}
