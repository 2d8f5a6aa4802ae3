/**
 * Types of what `release/` renders and `host-driver/` puts on a host. They are here because `release/` may
 * import this folder, and not the other way round.
 */

/** A file that is mounted into containers, named by its content: `/opt/jtel/<project>/files/<name>`. */
export interface RenderedFile {
  /** 64 hex digits: the content's SHA-256, or for secrets a keyed digest, with which nobody can try guesses. */
  readonly name: string;
  /** Of the content. */
  readonly sha256: string;
  readonly content: string | Buffer;
  /** 0o600 for secrets (owned by root), 0o644 for everything else, or 0o755 if the release says so. */
  readonly mode: number;
}

/** A release made concrete for one stack. This is pure data, ready to be written to the host. */
export interface RenderedRelease {
  /** sha256 over everything below, unless it says otherwise. It names the release's directory. */
  readonly digest: string;
  readonly version: string;
  /** `compose.yaml`, images by digest. */
  readonly composeYaml: string;
  /** What it says of each named volume, as data. */
  readonly composeVolumes: Readonly<Record<string, ComposeVolume>>;
  /** What the host's script starts the services from. */
  readonly start: StartFiles;
  readonly files: readonly RenderedFile[];
  readonly images: readonly ImageReference[];
  /** Named volumes (compose keys) that the compose file declares. */
  readonly volumes: readonly string[];
  /** All services, in start order. */
  readonly services: readonly string[];
  /** Services that run once. They are done when they end with exit code 0. */
  readonly tasks?: readonly string[];
  /** Services that what customers use needs; empty if the release marks none. Not part of the digest. */
  readonly essential?: readonly string[];
  /** The place of each data set. Loaded data must be there before anything starts. Not part of the digest. */
  readonly data?: readonly DataVolume[];
  /**
   * The service that updates the data to this release when it starts. Absent if the release names none, or if
   * it is disabled.
   */
  readonly updater?: DataUpdater;
  /** The service with the database. Absent if the release does not say its series. Not part of the digest. */
  readonly database?: DatabaseServer;
}

export interface ComposeVolume {
  readonly name?: string;
  readonly driver?: string;
  readonly driver_opts?: Readonly<Record<string, string | number>>;
  readonly external?: boolean;
}

/** Files that follow from the compose file and lie beside it. Not part of the digest. */
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
  /** For a database: its directory, relative to the volume's root; `.` for the root itself. */
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

/** What the host's firewall lets in. It drops everything else that comes from outside. */
export interface FirewallRules {
  readonly sshPort: number;
  /** Allowed sources per group. An empty list means everybody for `admin` and `web`, and nobody for `sip`. */
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
