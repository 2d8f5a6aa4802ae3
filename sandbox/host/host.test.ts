import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { InspectedContainer } from '../../kit/docker.ts';
import { assignAddresses, fingerprint } from './host.ts';

describe('the address of a host', () => {
  it('follows the order of the hosts in a new sandbox', () => {
    expect(assignAddresses('10.201.7', [], ['host-1', 'host-2'], 'demo')).toEqual(
      new Map([
        ['host-1', '10.201.7.11'],
        ['host-2', '10.201.7.12'],
      ]),
    );
  });

  it('stays the same when hosts are added before it, and is never given twice', () => {
    const existing = [
      container('jtel-sandbox-demo-host-2', '10.201.7.11'),
      container('jtel-sandbox-demo-registry', '10.201.7.5'),
    ];
    expect(assignAddresses('10.201.7', existing, ['host-1', 'host-2', 'host-3'], 'demo')).toEqual(
      new Map([
        ['host-1', '10.201.7.12'],
        ['host-2', '10.201.7.11'],
        ['host-3', '10.201.7.13'],
      ]),
    );
  });
});

it('writes a fingerprint as ssh-keygen -l does', () => {
  const publicKey =
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKPWyyGhNs6SXgo5b/JBrve+PKqMKePYDJNNSAW5eowD example';
  expect(fingerprint(publicKey)).toBe('SHA256:l75SNa3qbtkhsaQ/JNpp54zL/hBbbruTh9H/ZFH3qRw');
});

function container(name: string, address: string): InspectedContainer {
  return {
    Id: name,
    Name: `/${name}`,
    Image: '',
    State: { Running: true, Status: 'running', Pid: 1 },
    Config: { Labels: {} },
    NetworkSettings: {
      Networks: { n: { IPAddress: address, IPAMConfig: { IPv4Address: address } } },
      Ports: {},
    },
  };
}

it('gives Debian 12 its compose as the documentation says', () => {
  const text = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  const preferences = (page: string) => /^Package: \*\n[^]*?Pin-Priority: 990$/m.exec(page)?.[0];
  expect(preferences(text('docs/hosts.md'))).toMatch(/docker-compose/);
  expect(preferences(text('sandbox/images/host/debian-12-compose'))).toBe(preferences(text('docs/hosts.md')));
});
