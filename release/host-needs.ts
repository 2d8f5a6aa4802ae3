/** What a release needs around its containers: open ports and secrets. */
import type { FirewallRules } from '../host-driver/rendered-release.ts';
import { secretTarget } from './components.ts';
import type { Release, SecretDeclaration } from './generated/release.ts';
import type { StackNetwork } from './stack-input.ts';

/**
 * The release says which ports there are; the stack says who may reach them. The operator itself comes in at
 * `sshPort`.
 */
export function firewallRules(
  release: Release,
  network: StackNetwork | undefined,
  sshPort: number,
): FirewallRules {
  const allow = network?.allow ?? {};
  return {
    sshPort,
    admin: allow.admin ?? [],
    web: allow.web ?? [],
    sip: allow.sip ?? [],
    ports: release.ports.map(({ group, protocol, from, to }) => ({ group, protocol, from, to })),
  };
}

export interface NeededSecret {
  readonly name: string;
  readonly kind: SecretDeclaration['kind'];
  /** Characters, for kind Generated. */
  readonly length: number;
}

/** Every secret that rendering needs, in the order of the manifest. */
export function secretsNeeded(release: Release): readonly NeededSecret[] {
  return release.secrets.map(({ name, kind, length }) => ({ name, kind, length: length ?? 32 }));
}

/** Where containers have the release's secrets. */
export function secretPlaces({ secrets, components }: Release): readonly {
  readonly secret: string;
  readonly isCertificate: boolean;
  readonly component: string;
  readonly target: string;
}[] {
  const certificates = new Set(secrets.filter(({ kind }) => kind === 'TLS').map(({ name }) => name));
  return components.flatMap(({ name: component, secrets: mounts = [] }) =>
    mounts.map((mount) => ({
      secret: mount.name,
      isCertificate: certificates.has(mount.name),
      component,
      target: secretTarget(mount),
    })),
  );
}
