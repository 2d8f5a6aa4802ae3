/**
 * Pure types that `release/` produces and `host-driver/` consumes. They lie here because the two are siblings that do
 * not know each other; this folder imports nothing.
 */

/** A file to be mounted into containers, addressed by its content: `/opt/jtel/<project>/files/<sha256>`. */
export interface RenderedFile {
  readonly sha256: string;
  readonly content: string | Buffer;
  /** Secrets 0o600 (owned by root), everything else 0o644 (or 0o755, when the release says so). */
  readonly mode: number;
}

/** A release made concrete for one stack: pure data, ready to be written to the host. */
export interface RenderedRelease {
  /** sha256 over everything below; the name of the release directory. */
  readonly digest: string;
  readonly version: string;
  /** `compose.yaml`, images by digest. */
  readonly composeYaml: string;
  /** What the host's script starts the services from. */
  readonly start: StartFiles;
  readonly files: readonly RenderedFile[];
  readonly images: readonly ImageReference[];
  /** Named volumes (compose keys) that the compose file declares. */
  readonly volumes: readonly string[];
  /** All services, in start order. */
  readonly services: readonly string[];
  /** Those that run once and are done when they end with exit code 0. */
  readonly tasks?: readonly string[];
  /** Where each data set lies: before anything is started, what was loaded must be there. No part of the digest. */
  readonly data?: readonly DataVolume[];
  /** The service that brings data to this release at its start; absent when the release names none, or it is disabled. */
  readonly updater?: DataUpdater;
  /** The service that holds the database; absent when the release does not say which series it has. No part of the digest. */
  readonly database?: DatabaseServer;
}

/** What follows from the compose file and lies beside it. No part of the digest. */
export interface StartFiles {
  /** `create.yaml`: the compose file without the edges between services, for `docker compose create`. */
  readonly createYaml: string;
  /** The same for Docker before API 1.44 or compose before 2.21. */
  readonly createYamlForOldDocker: string;
  /** Who waits for whom; `condition` as compose names it. */
  readonly edges: readonly { readonly service: string; readonly need: string; readonly condition: string }[];
}

/** The place of a data set on the host. */
export interface DataVolume {
  /** Name of the data set. */
  readonly set: string;
  readonly kind: 'Database' | 'FileTree';
  /** As Docker knows it. */
  readonly volume: string;
  /** Of a database: its directory seen from the volume's root; `.` for the root itself. */
  readonly directory?: string;
}

export interface DataUpdater {
  readonly service: string;
  /** `repository@sha256:…`, as its container shows it. */
  readonly image: string;
}

export interface DatabaseServer extends DataUpdater {
  /** Of MariaDB, such as `11.8`. */
  readonly series: string;
}

export interface ImageReference {
  /** `host[:port]/path`, no tag. */
  readonly repository: string;
  /** `sha256:…` */
  readonly digest: string;
  /** For people only. */
  readonly tag: string;
}

/** What the host's firewall lets in; everything else that comes from outside is dropped. */
export interface FirewallRules {
  readonly sshPort: number;
  /** Sources allowed per group; an empty list for `admin` and `web` means everybody, for `sip` nobody. */
  readonly admin: readonly string[];
  readonly web: readonly string[];
  readonly sip: readonly { readonly name: string; readonly cidr: string }[];
  readonly ports: readonly FirewallPort[];
}

export interface FirewallPort {
  readonly group: 'admin' | 'web' | 'sip';
  readonly protocol: 'tcp' | 'udp';
  readonly from: number;
  readonly to: number;
}
