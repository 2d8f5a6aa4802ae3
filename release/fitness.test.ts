import { describe, expect, it } from 'vitest';
import { aRelease } from '../test/support/release-builder.ts';
import { isNewerSeries, preflight, updateAllowed } from './fitness.ts';
import { firewallRules, secretsNeeded } from './host-needs.ts';

const gibibyte = 1024 ** 3;
const facts = { cores: 2, memoryBytes: 2 * gibibyte, diskTotalBytes: 5 * gibibyte };

describe('preflight', () => {
  it('has no findings on a host that is just big enough', () => {
    expect(preflight(aRelease(), 'Small', facts)).toEqual([]);
  });

  it('forgives what firmware, units and file system take away', () => {
    expect(
      preflight(aRelease(), 'Small', {
        ...facts,
        memoryBytes: 1.95 * gibibyte,
        diskTotalBytes: 4.7 * gibibyte,
      }),
    ).toEqual([]);
  });

  it('tells everything that is missing, with both figures', () => {
    const findings = preflight(aRelease(), 'Medium', {
      cores: 2,
      memoryBytes: gibibyte,
      diskTotalBytes: gibibyte,
    });
    expect(findings.map((finding) => finding.check)).toEqual(['Cores', 'Memory', 'Disk']);
    expect(findings[0]?.message).toBe('the host has 2 cores, size Medium of release 3.43.2 needs 8');
    expect(findings[1]?.message).toContain('1024 MiB');
  });
});

describe('an update', () => {
  it.each(['3.43.1', '3.43.2'])('from %s is allowed', (from) => {
    expect(updateAllowed(from, aRelease())).toEqual({ allowed: true });
  });

  it('from a newer version is a downgrade and needs a restore', () => {
    expect(updateAllowed('3.44.0', aRelease())).toMatchObject({
      allowed: false,
      kind: 'Downgrade',
      message: expect.stringContaining('restore'),
    });
  });

  it('from a version too old names those that work', () => {
    expect(updateAllowed('3.42.9', aRelease())).toMatchObject({
      allowed: false,
      kind: 'TooFar',
      message: expect.stringContaining('3.43.1'),
    });
  });

  it('knows ranges', () => {
    expect(updateAllowed('3.42.9', aRelease({ updatableFrom: ['>=3.42.5 <3.43.2'] }))).toEqual({
      allowed: true,
    });
  });
});

it.each([
  ['11.8', '10.11', true],
  ['11.10', '11.9', true],
  ['11.8', '11.8', false],
  ['10.11', '11.4', false],
])('series %s is newer than %s: %s', (one, other, newer) => {
  expect(isNewerSeries(one, other)).toBe(newer);
});

it('firewall rules join the release’s ports with the stack’s sources', () => {
  const sip = [{ name: 'trunk', cidr: '192.0.2.1/32' }];
  expect(firewallRules(aRelease(), { fqdn: 'a.example', allow: { web: ['10.0.0.0/8'], sip } }, 2222)).toEqual(
    {
      sshPort: 2222,
      admin: [],
      web: ['10.0.0.0/8'],
      sip,
      ports: [{ group: 'web', protocol: 'tcp', from: 443, to: 443 }],
    },
  );
});

it('secrets have a length even where the release is silent', () => {
  const release = aRelease({
    secrets: [
      { name: 'a', kind: 'Generated' },
      { name: 'tls', kind: 'TLS' },
    ],
  });
  expect(secretsNeeded(release)).toEqual([
    { name: 'a', kind: 'Generated', length: 32 },
    { name: 'tls', kind: 'TLS', length: 32 },
  ]);
});
