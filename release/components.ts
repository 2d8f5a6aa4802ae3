/** Small questions about a manifest's components. Checks, rendering and publishing all ask them. */
import type { Component, Release } from './generated/release.ts';

/** Where a secret is mounted if the manifest does not say. */
const secretFolder = '/run/secrets';

export function secretTarget(mount: { readonly name: string; readonly target?: string }): string {
  return mount.target ?? `${secretFolder}/${mount.name}`;
}

/** Compose service names of a component: `acd-dbm`, or `acd-web-1 … acd-web-N` if it can have replicas. */
export function serviceNames(
  component: Pick<Component, 'name' | 'replicas'>,
  replicas: number,
): readonly string[] {
  if (component.replicas === undefined) return [component.name];
  return Array.from({ length: replicas }, (_, index) => `${component.name}-${index + 1}`);
}

/** Every template that some component names, each once, sorted. */
export function templatePaths(release: Release): readonly string[] {
  const paths = release.components.flatMap((component) =>
    (component.files ?? []).map((file) => file.template),
  );
  return [...new Set(paths)].toSorted();
}

/** A parsed `[address:]host:container/protocol`; ports as numbers. */
export interface PublishedPort {
  readonly address: string | undefined;
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: 'tcp' | 'udp';
}

/** Expects text that passed the schema's pattern. */
export function parsePublishedPort(text: string): PublishedPort {
  const [ports = '', protocol] = text.split('/');
  const parts = ports.split(':');
  return {
    address: parts.length === 3 ? parts[0] : undefined,
    hostPort: Number(parts.at(-2)),
    containerPort: Number(parts.at(-1)),
    protocol: protocol === 'udp' ? 'udp' : 'tcp',
  };
}
