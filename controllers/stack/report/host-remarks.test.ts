import { describe, expect, it } from 'vitest';
import { hostRemarks } from './host-remarks.ts';
import { aStack, facts } from '../testing.ts';

const docker = [{ name: 'jtel-acme_default', subnet: '172.18.0.0/16' }];

function remarks(change: object, bridges = docker): readonly string[] {
  const stack = aStack();
  return hostRemarks({ ...stack, spec: { ...stack.spec, ...change } }, facts({ bridges }));
}

describe('a remark about the host', () => {
  it('is made for each address that lies in a bridge, and says where it is named and what to do', () => {
    const stack = aStack();
    const host = { ...stack.spec.host, dns: { nameservers: ['172.18.0.53', '10.0.0.53'] } };
    const [remark, ...others] = remarks({
      host,
      network: {
        fqdn: 'a.example',
        allow: { sip: [{ name: 'pbx', cidr: '172.18.4.0/24' }], web: ['10.0.0.0/8'] },
      },
    });
    expect(others).toEqual([]);
    expect(remark).toContain(
      '172.18.4.0/24 (spec.network.allow.sip), 172.18.0.53 (spec.host.dns.nameservers)',
    );
    expect(remark).toContain('spec.host.docker');
    expect(remark).not.toContain('10.0.0');
  });

  it.each(['172.19.0.0/16', '172.16.0.0/12', '0.0.0.0/0', '::/0', 'fd00::/8'])(
    'is not made for %s',
    (range) => {
      expect(remarks({ network: { fqdn: 'a.example', allow: { web: [range] } } })).toEqual([]);
    },
  );

  it('names the file where Docker is not the operator’s', () => {
    const stack = aStack();
    const host = { ...stack.spec.host, bootstrap: 'Preinstalled' };
    expect(remarks({ host, network: { fqdn: 'a.example', allow: { web: ['172.18.1.1/32'] } } })).toEqual([
      expect.stringContaining('daemon.json'),
    ]);
  });

  it('knows IPv6', () => {
    expect(
      remarks({ network: { fqdn: 'a.example', allow: { web: ['fd00:1::/64'] } } }, [
        { name: 'six', subnet: 'fd00:1::/48' },
      ]),
    ).toHaveLength(1);
  });

  it('names what is full, and says nothing of a host with room', () => {
    expect(hostRemarks(aStack(), facts({ fullPlaces: ['/run'] }))).toEqual([
      expect.stringContaining('no inodes left on /run'),
    ]);
    expect(hostRemarks(aStack(), facts({}))).toEqual([]);
  });

  it('quotes a login shell that prints', () => {
    expect(hostRemarks(aStack(), facts({ loginNoise: 'welcome' }))).toEqual([
      expect.stringContaining('"welcome"'),
    ]);
  });
});
