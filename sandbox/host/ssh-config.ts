/**
 * Files with which a person reaches the hosts of a sandbox by their names: `ssh -F .sandbox/demo/ssh/config host-1`. The hosts' keys are
 * in them, so ssh has no question.
 */
import { join } from 'node:path';
import type { SandboxHost } from './host.ts';

export interface SSHFiles {
  readonly config: string;
  readonly knownHosts: string;
}

export function sshFiles(directory: string): SSHFiles {
  return { config: join(directory, 'ssh', 'config'), knownHosts: join(directory, 'ssh', 'known_hosts') };
}

/** Their contents: ssh_config(5), and "SSH_KNOWN_HOSTS FILE FORMAT" of sshd(8). */
export function sshConfig(hosts: readonly SandboxHost[], { knownHosts }: SSHFiles): SSHFiles {
  const stanza = ({ name, address, port, user, privateKeyPath }: SandboxHost): string =>
    [
      `Host ${name}`,
      `  HostName ${address}`,
      `  Port ${port}`,
      `  User ${user}`,
      `  IdentityFile ${quoted(privateKeyPath)}`,
      '  IdentitiesOnly yes',
      `  UserKnownHostsFile ${quoted(knownHosts)}`,
      '  GlobalKnownHostsFile none',
      '  StrictHostKeyChecking yes',
      '',
    ].join('\n');
  return {
    config: hosts.map(stanza).join(''),
    knownHosts: hosts.map(({ address, hostPublicKey }) => `${address} ${hostPublicKey}\n`).join(''),
  };
}

/** In quotes, for blanks; ssh would put something in the place of a percent sign. */
function quoted(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`;
}
