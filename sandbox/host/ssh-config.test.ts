import { expect, it } from 'vitest';
import type { SandboxHost } from './host.ts';
import { sshConfig } from './ssh-config.ts';

const host = {
  name: 'host-1',
  address: '10.201.7.11',
  port: 22,
  user: 'jtel',
  privateKeyPath: '/my 100%/ssh/id_ed25519',
  hostPublicKey: 'ssh-ed25519 AAAA root@host-1',
} as SandboxHost;

it('names the host’s key and the user’s, so that ssh has no question', () => {
  const files = { config: '/d/ssh/config', knownHosts: '/d/ssh/known_hosts' };
  const { config, knownHosts } = sshConfig([host], files);
  expect(knownHosts).toBe('10.201.7.11 ssh-ed25519 AAAA root@host-1\n');
  expect(config).toContain('Host host-1\n  HostName 10.201.7.11\n');
  expect(config).toContain('IdentityFile "/my 100%%/ssh/id_ed25519"');
  expect(config).toContain('UserKnownHostsFile "/d/ssh/known_hosts"');
  expect(config).toContain('StrictHostKeyChecking yes');
});
