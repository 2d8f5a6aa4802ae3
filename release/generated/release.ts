// Generated from release/release.schema.yaml by release/generate.ts: do not edit.

/**
 * Three numbers, as in `3.43.2`, as a stack can ask for it.
 */
export type Version = string;
/**
 * Numeric user or group id.
 */
export type ID = number;
/**
 * Name of a component, secret, volume or data set (a DNS label).
 */
export type Name = string;
/**
 * Glob below a file tree's root; no `..` segment, not absolute.
 */
export type RelativeGlob = string;
/**
 * Path below the release's directory, with `/`; no `.`, `..` or empty segment.
 */
export type RelativePath = string;
/**
 * Length in bytes.
 */
export type Bytes = number;
/**
 * sha256, 64 lower-case hex digits.
 */
export type Sha256 = string;
/**
 * Port number.
 */
export type Port = number;
/**
 * Name of an environment variable.
 */
export type EnvironmentName = string;
/**
 * Path inside a container; no `.`, `..` or empty segment.
 */
export type AbsolutePath = string;
/**
 * One argument of a command; no control characters.
 */
export type Word = string;
/**
 * @minItems 1
 * @maxItems 64
 */
export type Command = Word[];

/**
 * A release of the jtel container stack as data.
 */
export interface Release {
  /**
   * Version of this format. An operator refuses versions that it does not know. In 2, containers have only the capabilities that their component lists, and their processes never get more rights than they began with. In 3, components can be marked as essential.
   */
  formatVersion: 1 | 2 | 3;
  version: Version;
  /**
   * Version ranges (as npm understands them) whose data this release can update in place.
   *
   * @maxItems 32
   */
  updatableFrom: string[];
  /**
   * Registry that holds the images, `host[:port]`; replaced by `release publish --registry`.
   */
  registry: string;
  database: {
    /**
     * The component whose volume and tools hold the database.
     */
    component: string;
    /**
     * Schemas that belong to the stack. They are backed up, and they decide whether the database is empty.
     *
     * @minItems 1
     * @maxItems 64
     */
    schemas: string[];
    /**
     * Secret with which jobs log in as root.
     */
    rootSecret: string;
    /**
     * The MariaDB series of the image, as in `11.8`. Files of a newer series are refused before anything stops.
     */
    series?: string;
    tls?: DatabaseTransport;
    physical?: PhysicalDatabase;
  };
  /**
   * Component that updates database and files to this release when it starts. It is healthy when that is done. Until it has started, a failed update can be rolled back without a restore. Without this field, every start counts as an update of the data.
   */
  dataUpdater?: string;
  /**
   * @maxItems 16
   */
  fileTrees: FileTree[];
  /**
   * Data of a new installation. `bytes` and `sha256` are filled in by publish.
   *
   * @maxItems 32
   */
  vanilla: DataSet[];
  /**
   * Every template that a component names, with its digest; filled in by publish.
   *
   * @maxItems 256
   */
  templates?: StoredFile[];
  minimumHost: {
    Small: HostRequirements;
    Medium: HostRequirements;
    Large: HostRequirements;
  };
  /**
   * @maxItems 64
   */
  secrets: SecretDeclaration[];
  /**
   * Named volumes. They hold data; an update never removes one.
   *
   * @maxItems 64
   */
  volumes: Name[];
  /**
   * What the host's firewall lets in, and for whom.
   *
   * @maxItems 64
   */
  ports: FirewallPort[];
  /**
   * What is asked of a restored stack when a backup is tested. Components that a check asks by HTTP are started in a closed network, with what they depend on.
   *
   * @minItems 1
   * @maxItems 32
   */
  smokeChecks?: SmokeCheck[];
  /**
   * In start order; a component can only depend on one above it.
   *
   * @minItems 1
   * @maxItems 64
   */
  components: Component[];
}
/**
 * Jobs must connect with TLS and check the certificate. Without this, they connect as clients of the server's own series do: with TLS if the server offers it, and they check the certificate if they can.
 */
export interface DatabaseTransport {
  mode: 'Verified';
  /**
   * Target of one of the component's files or secrets: a PEM file with the authority's certificates. Without it, the password proves the certificate. Servers can do that since MariaDB 11.4.
   */
  certificateAuthority?: string;
}
/**
 * Where the files of the database are, for backups of the files themselves (by mariadb-backup, which the component's image must contain). Without it, only logical backups as SQL are possible.
 */
export interface PhysicalDatabase {
  /**
   * The component's volume that holds the data directory.
   */
  volume: string;
  /**
   * The data directory as the server sees it, e.g. `/var/lib/mysql/data`: where the volume is mounted, or below.
   */
  dataDirectory: string;
  /**
   * Owner of the database's files.
   */
  uid: number;
  gid: ID;
  keys?: EncryptionAtRest;
}
/**
 * Encryption at rest by file_key_management. Without it, a database whose keys are in no file or secret of the component is not backed up by its files, because nobody could restore them.
 */
export interface EncryptionAtRest {
  /**
   * A secret of kind EncryptionKeys that the component mounts.
   */
  secret: string;
  /**
   * Where the server reads it (`file_key_management_filename`): the mount itself, or a copy that the image makes of it.
   */
  path: string;
}
export interface FileTree {
  name: Name;
  volume: Name;
  /**
   * Numeric user or group id.
   */
  uid: number;
  gid: ID;
  /**
   * Globs below the root that are never backed up (recordings, logs).
   *
   * @maxItems 64
   */
  excludes?: RelativeGlob[];
}
export interface DataSet {
  /**
   * Database: an SQL dump (zstd) of the schemas; FileTree: a tar (zstd) of one tree.
   */
  kind: 'Database' | 'FileTree';
  /**
   * Name of a component, secret, volume or data set (a DNS label).
   */
  name?: string;
  path: RelativePath;
  bytes?: Bytes;
  sha256?: Sha256;
}
export interface StoredFile {
  path: RelativePath;
  bytes: Bytes;
  sha256: Sha256;
}
export interface HostRequirements {
  cores: number;
  memoryMiB: number;
  diskGiB: number;
}
export interface SecretDeclaration {
  name: Name;
  /**
   * Generated: random letters and digits, made once per stack. EncryptionKeys: a key file of MariaDB's file_key_management with one random key of 256 bits, made once per stack. TLS: one PEM with key and certificate chain.
   */
  kind: 'Generated' | 'EncryptionKeys' | 'TLS';
  /**
   * Characters of a generated secret (default 32).
   */
  length?: number;
}
export interface FirewallPort {
  group: 'admin' | 'web' | 'sip';
  protocol: 'tcp' | 'udp';
  from: Port;
  to: Port;
}
/**
 * One question with its answer, by HTTP or in SQL.
 */
export interface SmokeCheck {
  name: Name;
  http?: SmokeRequest;
  sql?: SmokeQuery;
}
/**
 * A GET request to a component. Redirects are not followed.
 */
export interface SmokeRequest {
  /**
   * Name of a component, secret, volume or data set (a DNS label).
   */
  component: string;
  /**
   * Port inside the container.
   */
  port: number;
  /**
   * Path, and query if wanted, as in `/health?full=1`.
   */
  path: string;
  /**
   * Expected status.
   */
  status: number;
}
/**
 * A query that the database's root runs on the restored data.
 */
export interface SmokeQuery {
  /**
   * One SELECT in one line, without semicolon and backslash.
   */
  query: string;
  /**
   * Expected value of the first column of the only row, as text; `NULL` for null.
   */
  value: string;
}
export interface Component {
  name: Name;
  /**
   * Service (default) runs for ever; Task runs once and must end with exit code 0.
   */
  kind?: 'Service' | 'Task';
  /**
   * A stack may disable it. Default false.
   */
  optional?: boolean;
  /**
   * Format 3: what customers use needs it, so the stack is not Available while it is unhealthy. If a release marks no component, all count.
   */
  essential?: boolean;
  image: Image;
  replicas?: Replicas;
  /**
   * @maxItems 64
   */
  dependsOn?: Dependency[];
  /**
   * @maxItems 256
   */
  environment?: EnvironmentVariable[];
  /**
   * @maxItems 64
   */
  files?: FileMount[];
  /**
   * @maxItems 64
   */
  secrets?: SecretMount[];
  /**
   * @maxItems 64
   */
  volumes?: VolumeMount[];
  /**
   * @maxItems 16
   */
  temporaryFileSystems?: TemporaryMount[];
  /**
   * Ports of the host that lead to the container: `[address:]host:container/protocol`.
   *
   * @maxItems 64
   */
  publish?: string[];
  /**
   * Uses the network of the host itself (SIP and RTP), so it cannot publish ports.
   */
  hostNetwork?: boolean;
  /**
   * Linux capabilities. Format 1: beyond Docker's default set. Format 2: all that the container has, but for KILL, which it always has to be stopped; AUDIT_WRITE, CHOWN, DAC_OVERRIDE, FOWNER, FSETID, IPC_LOCK, NET_BIND_SERVICE, NET_RAW, SETGID, SETPCAP, SETUID, SYS_CHROOT and SYS_NICE only.
   *
   * @maxItems 16
   */
  capabilities?: (
    | 'AUDIT_READ'
    | 'AUDIT_WRITE'
    | 'BLOCK_SUSPEND'
    | 'CHOWN'
    | 'DAC_OVERRIDE'
    | 'FOWNER'
    | 'FSETID'
    | 'IPC_LOCK'
    | 'IPC_OWNER'
    | 'KILL'
    | 'LEASE'
    | 'LINUX_IMMUTABLE'
    | 'MKNOD'
    | 'NET_ADMIN'
    | 'NET_BIND_SERVICE'
    | 'NET_BROADCAST'
    | 'NET_RAW'
    | 'SETFCAP'
    | 'SETGID'
    | 'SETPCAP'
    | 'SETUID'
    | 'SYS_CHROOT'
    | 'SYS_NICE'
    | 'SYS_PACCT'
    | 'SYS_PTRACE'
    | 'SYS_RESOURCE'
    | 'SYS_TIME'
    | 'SYS_TTY_CONFIG'
    | 'WAKE_ALARM'
  )[];
  /**
   * `uid` or `uid:gid`; without it the image decides.
   */
  user?: string;
  command?: Command;
  entrypoint?: Command;
  workingDirectory?: AbsolutePath;
  readOnlyRootFileSystem?: boolean;
  health?: Health;
  resources: ResourcesPerSize;
  /**
   * Size of /dev/shm.
   */
  sharedMemoryMiB?: number;
  /**
   * Time to stop before it is killed; default 10.
   */
  stopGracePeriodSeconds?: number;
  /**
   * sysctls of the container's own namespaces.
   *
   * @maxItems 32
   */
  kernelParameters?: KernelParameter[];
  /**
   * ulimits.
   *
   * @maxItems 16
   */
  processLimits?: ProcessLimit[];
}
export interface Image {
  /**
   * Path inside the registry, as in `jtel/acd-web`.
   */
  repository: string;
  tag: string;
  /**
   * Filled in by publish.
   */
  digest?: string;
}
/**
 * With it the services are called name-1 … name-N; without it there is one of that name.
 */
export interface Replicas {
  default: number;
  minimum: number;
  maximum: number;
}
export interface Dependency {
  component: Name;
  condition: 'started' | 'healthy' | 'completed';
  /**
   * The edge goes when the other component is disabled; otherwise disabling it is refused.
   */
  optional?: boolean;
}
export interface EnvironmentVariable {
  name: EnvironmentName;
  /**
   * A Liquid template, see docs/release-format.md.
   */
  value: string;
}
/**
 * A configuration file made from a template.
 */
export interface FileMount {
  template: RelativePath;
  target: AbsolutePath;
  /**
   * Default 0644.
   */
  mode?: '0644' | '0755';
}
/**
 * A secret as a file that only root inside the container can read.
 */
export interface SecretMount {
  name: Name;
  /**
   * Path inside a container; no `.`, `..` or empty segment.
   */
  target?: string;
}
export interface VolumeMount {
  volume: Name;
  target: AbsolutePath;
  readOnly?: boolean;
}
export interface TemporaryMount {
  target: AbsolutePath;
  sizeMiB: number;
}
/**
 * A command inside the container that ends with 0 when the service does its job.
 */
export interface Health {
  command: Command;
  /**
   * Default 10.
   */
  intervalSeconds?: number;
  /**
   * Between checks within the start period; needs Docker Engine 25 on the host. Default: as intervalSeconds.
   */
  startIntervalSeconds?: number;
  /**
   * Default 5.
   */
  timeoutSeconds?: number;
  /**
   * Default 3.
   */
  retries?: number;
  /**
   * Default 0.
   */
  startPeriodSeconds?: number;
}
export interface ResourcesPerSize {
  Small: Resources;
  Medium: Resources;
  Large: Resources;
}
/**
 * Upper limits of one container.
 */
export interface Resources {
  /**
   * CPUs as a decimal number in a string, as in "1.5".
   */
  cpus: string;
  memoryMiB: number;
}
export interface KernelParameter {
  name: string;
  value: string;
}
export interface ProcessLimit {
  name:
    | 'core'
    | 'cpu'
    | 'data'
    | 'fsize'
    | 'memlock'
    | 'msgqueue'
    | 'nice'
    | 'nofile'
    | 'nproc'
    | 'rtprio'
    | 'rttime'
    | 'sigpending'
    | 'stack';
  soft: number;
  hard: number;
}
