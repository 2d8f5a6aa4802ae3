import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { FirewallRules, HostSetup } from '../host.ts';
import { InvalidValue } from '../values.ts';
import { setupDigest } from './digest.ts';
import { firewallTable } from './firewall.ts';
import { hostScript } from './script.ts';

const rules: FirewallRules = {
  sshPort: 22,
  admin: ['10.0.0.0/8', '2001:db8::/32'],
  web: [],
  sip: [{ name: 'trunk', cidr: '192.0.2.7' }],
  ports: [
    { group: 'web', protocol: 'tcp', from: 443, to: 443 },
    { group: 'sip', protocol: 'udp', from: 30_000, to: 34_999 },
  ],
};
const full: HostSetup = {
  mode: 'Managed',
  timeZone: 'Europe/Berlin',
  dns: {
    nameservers: ['192.0.2.1', '2001:db8::1'],
    searchDomains: ['example.org'],
    hosts: [{ ip: '192.0.2.9', names: ['pbx', 'pbx.example.org'] }],
  },
  firewall: rules,
};

describe('the set-up script', () => {
  it.each([[full], [{ mode: 'Preinstalled' } as const]])('is valid for a POSIX shell', (setup) => {
    expect(() => execFileSync('sh', ['-n'], { input: hostScript(setup) })).not.toThrow();
  });

  it('carries the values of the spec as the shell will see them', () => {
    const head = hostScript(full).split('# ---- from here on')[0] ?? '';
    const shown = execFileSync('sh', ['-s'], {
      input: `${head}\nprintf '%s|' "$mode" "$time_zone" "$nameservers" "$search" "$hosts"`,
      encoding: 'utf8',
    });
    expect(shown).toBe(
      'Managed|Europe/Berlin|192.0.2.1 2001:db8::1|example.org|192.0.2.9 pbx pbx.example.org|',
    );
  });

  it.each(['x y', "a'b", '$(id)', '../../etc/passwd', '-x', 'a\nb'])(
    'refuses %j in every place',
    (hostile) => {
      const dns = { nameservers: [], searchDomains: [], hosts: [] };
      expect(() => hostScript({ mode: 'Managed', timeZone: hostile })).toThrow(InvalidValue);
      expect(() => hostScript({ mode: 'Managed', dns: { ...dns, nameservers: [hostile] } })).toThrow(
        InvalidValue,
      );
      expect(() => hostScript({ mode: 'Managed', dns: { ...dns, searchDomains: [hostile] } })).toThrow(
        InvalidValue,
      );
      expect(() =>
        hostScript({ mode: 'Managed', dns: { ...dns, hosts: [{ ip: hostile, names: ['a'] }] } }),
      ).toThrow(InvalidValue);
      expect(() =>
        hostScript({ mode: 'Managed', dns: { ...dns, hosts: [{ ip: '192.0.2.1', names: [hostile] }] } }),
      ).toThrow(InvalidValue);
      expect(() => hostScript({ mode: 'Managed', firewall: { ...rules, admin: [hostile] } })).toThrow(
        InvalidValue,
      );
      expect(() =>
        hostScript({ mode: 'Managed', firewall: { ...rules, sip: [{ name: 'x', cidr: hostile }] } }),
      ).toThrow(InvalidValue);
    },
  );
});

describe('the firewall', () => {
  const accepts = (change: Partial<FirewallRules>) =>
    firewallTable({ ...rules, ...change })
      .split('\n')
      .filter((line) => line.includes('dport') && !line.includes('sport'));

  it('hooks before address translation and drops what is not allowed', () => {
    expect(firewallTable(rules)).toContain('type filter hook prerouting priority mangle; policy drop;');
    expect(firewallTable(rules)).toContain('ct state established,related accept');
  });

  it('lets each group in at its ports only', () => {
    expect(accepts({}).map((line) => line.trim())).toEqual([
      'ip saddr 10.0.0.0/8 tcp dport 22 accept',
      'ip6 saddr 2001:db8::/32 tcp dport 22 accept',
      'tcp dport 443 accept',
      'ip saddr 192.0.2.7/32 udp dport 30000-34999 accept',
    ]);
  });

  it('lets everybody in to SSH and web when no source is named, and nobody to SIP', () => {
    expect(accepts({ admin: [], sip: [] }).map((line) => line.trim())).toEqual([
      'tcp dport 22 accept',
      'tcp dport 443 accept',
    ]);
  });

  it('takes a range of length zero as its whole family', () => {
    expect(accepts({ admin: ['0.0.0.0/0'], sip: [] })[0]?.trim()).toBe(
      'meta nfproto ipv4 tcp dport 22 accept',
    );
  });

  it.each([
    '10.0.0.0/33',
    '10.0.0.256',
    '::/129',
    '1.2.3.4/',
    '1.2.3.4/8/8',
    'fe80::1%eth0',
    'example.org',
    '',
  ])('refuses %j as a source', (cidr) => {
    expect(() => firewallTable({ ...rules, admin: [cidr] })).toThrow(InvalidValue);
  });

  it('refuses ports that are none', () => {
    expect(() =>
      firewallTable({ ...rules, ports: [{ group: 'web', protocol: 'tcp', from: 0, to: 5 }] }),
    ).toThrow('port');
    expect(() =>
      firewallTable({ ...rules, ports: [{ group: 'web', protocol: 'tcp', from: 80, to: 79 }] }),
    ).toThrow('port');
  });
});

describe('the digest of a set-up', () => {
  it('does not depend on the order of fields, but on everything else', () => {
    expect(setupDigest({ timeZone: 'Etc/UTC', mode: 'Managed' })).toBe(
      setupDigest({ mode: 'Managed', timeZone: 'Etc/UTC' }),
    );
    const others: HostSetup[] = [
      { mode: 'Managed' },
      { mode: 'Preinstalled' },
      { ...full, timeZone: 'Etc/UTC' },
      { ...full, firewall: { ...rules, admin: [] } },
    ];
    expect(new Set([full, ...others].map(setupDigest)).size).toBe(5);
  });
});
