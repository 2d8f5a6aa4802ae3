/**
 * The port through which controllers reach a compose host. Everything goes through it, so tests can count
 * effects, fail them, and stop the process before or after each. `connect.ts` has the real one (SSH and
 * Docker API), `fake/` the fast one. `test/contract/host.ts` holds both to the same behaviour.
 *
 * Conventions: Every call takes an AbortSignal and is bounded in time. Every mutating call takes a {@link
 * Fence} and is idempotent ("already so" is success). Failures are a {@link HostError} whose `reason` is
 * stable.
 */

import { tame } from '../base/printable.ts';
import type { RegistryLogin } from './registry-login.ts';
import type { FirewallRules, ImageReference, RenderedRelease } from './rendered-release.ts';
import type { HostState, RecordedChange, StackOwner } from './host-state.ts';
import type { JobReport, JobSpec, ObservedJob } from './job.ts';

export type {
  AppliedService,
  CarriedOutOrder,
  DataOrigin,
  HostState,
  RecordedChange,
  StackOwner,
  UpdateMark,
} from './host-state.ts';
export type { JobCompanion, JobReport, JobSpec, JobVolume, ObservedJob } from './job.ts';
export type {
  DataVolume,
  FirewallPort,
  FirewallRules,
  ImageReference,
  RenderedFile,
  RenderedRelease,
} from './rendered-release.ts';

/**
 * Where a host is, and how it proves its identity. Fingerprints as `SHA256:…` (OpenSSH's notation, no
 * padding).
 */
export interface HostEndpoint {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly hostKeyFingerprints: readonly string[];
  /** OpenSSH or PEM private key, from the Secret's key `ssh-privatekey`. */
  readonly privateKey: string;
  /** From the Secret's key `passphrase`, when the private key is encrypted. */
  readonly passphrase?: string;
  /** Of the stack. Namespaces take turns at what they share, such as the thread that opens keys. */
  readonly namespace?: string;
}

/** A host and, on customers' premises, the jump host in front of it. */
export interface HostTarget extends HostEndpoint {
  readonly jumpHost?: HostEndpoint;
}

/**
 * The uid does not count: a cluster has one object of a name, so another uid belongs to an earlier object
 * that is gone.
 */
export function isSameStack(a: Omit<StackOwner, 'uid'>, b: Omit<StackOwner, 'uid'>): boolean {
  return a.clusterID === b.clusterID && a.namespace === b.namespace && a.name === b.name;
}

/**
 * The right to change a host. The host refuses an epoch that is older than the newest it has seen (`Fenced`).
 */
export interface Fence {
  readonly owner: StackOwner;
  readonly epoch: number;
  /** Recorded with a new configuration: the number that the status noted before. Absent: it has none. */
  readonly change?: number;
}

export interface HostFacts {
  /** `/etc/machine-id`. Together with the host key it identifies a host; the address does not. */
  readonly machineID: string;
  /**
   * Fingerprint of the host key that it proved to have. Machines made from one template share a machine-id.
   */
  readonly hostKey?: string;
  readonly osID: string;
  readonly osVersion: string;
  readonly osName: string;
  readonly architecture: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Docker's directory, as the daemon says. */
  readonly dataRoot: string;
  /** Size of the file system that holds, or will hold, Docker's volumes. */
  readonly diskTotalBytes: number;
  readonly diskFreeBytes: number;
  /** The file system that holds the images, if it is another one. */
  readonly imageDisk?: { readonly totalBytes: number; readonly freeBytes: number };
  /** Of `/run`, `/tmp` and `/opt/jtel`, those without free space or inodes. */
  readonly fullPlaces?: readonly string[];
  readonly timeZone: string;
  /** Host clock minus ours, whole seconds. */
  readonly clockSkewSeconds: number;
  readonly canSudo: boolean;
  /** Absent if Docker is not installed, or the SSH user cannot reach its daemon. */
  readonly dockerVersion?: string;
  /** Of the Docker API, such as `1.41`; absent with dockerVersion. */
  readonly apiVersion?: string;
  readonly composeVersion?: string;
  /** Networks that Docker made on the host, IPv4 and IPv6. */
  readonly bridges?: readonly { readonly name: string; readonly subnet: string }[];
  /** Output of the login shell that belongs to no command, shortened. */
  readonly loginNoise?: string;
}

export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
export type ContainerHealth = 'none' | 'starting' | 'healthy' | 'unhealthy';

export interface ObservedContainer {
  readonly id: string;
  readonly name: string;
  /** compose service name, e.g. `acd-web-1`. */
  readonly service: string;
  readonly image: string;
  readonly imageID: string;
  readonly state: ContainerState;
  readonly health: ContainerHealth;
  /** Only from a full observation. */
  readonly restarts?: number;
  /** Only when not running, and from a full observation. */
  readonly exitCode?: number;
  /** Unix seconds. */
  readonly createdSeconds: number;
  /** Unix seconds of its last start; only when it was started, and from a full observation. */
  readonly startedSeconds?: number;
  /** Last output of its health check, one line. Only while it is not healthy, and from a full observation. */
  readonly healthMessage?: string;
  readonly configHash: string;
}

/**
 * What a volume holds: a database with somebody's tables, an initialised database without any, other entries,
 * only the mark of a load, the mark of an unfinished load, or nothing.
 */
export type VolumeContent = 'Database' | 'BareDatabase' | 'Data' | 'Marked' | 'Loading' | 'Empty';

export interface HostObservation {
  readonly facts: HostFacts;
  readonly state?: HostState;
  /** Containers of this compose project, jobs excluded. */
  readonly containers: readonly ObservedContainer[];
  readonly jobs: readonly ObservedJob[];
  /** Digests of the rendered releases on the host. */
  readonly releases: readonly string[];
  /** Target of the `current` link. */
  readonly currentRelease?: string;
  /**
   * What somebody changed by hand: `files/<sha256>`, `compose.yaml` and the files beside it, `firewall`; and
   * `docker-rules` if Docker's rules are gone. Only from a full observation.
   */
  readonly changed?: readonly string[];
  /** Names of the volumes of this compose project. */
  readonly volumes: readonly string[];
  /** What they hold, as far as the SSH user may see it. Only from a full observation. */
  readonly contents?: Readonly<Record<string, VolumeContent>>;
  /** `repository@sha256:…` of images present; only from a full observation. */
  readonly images?: readonly string[];
}

/** Everything that the set-up needs to know. Its digest decides whether the set-up runs again. */
export interface HostSetup {
  readonly mode: 'Managed' | 'Preinstalled';
  readonly timeZone?: string;
  readonly dns?: {
    readonly nameservers: readonly string[];
    readonly searchDomains: readonly string[];
    readonly hosts: readonly { readonly ip: string; readonly names: readonly string[] }[];
  };
  /** Absent: the firewall is not touched. */
  readonly firewall?: FirewallRules;
  /** Docker's own settings. Absent: they are not touched. */
  readonly docker?: DockerSettings;
  /** Absent: the host's own proxy settings stay. */
  readonly proxy?: HostProxy;
}

export interface DockerSettings {
  /** IPv4 address with prefix length, of docker0. */
  readonly bridgeAddress?: string;
  readonly addressPools?: readonly { readonly base: string; readonly size: number }[];
}

/** How the host reaches registries and stores. Addresses as `http://HOST:PORT`. */
export interface HostProxy {
  readonly http?: string;
  readonly https?: string;
  readonly noProxy: readonly string[];
  /** `version` changes with the other two. It is not secret, so it is compared in their place. */
  readonly credentials?: { readonly username: string; readonly password: string; readonly version: string };
}

export interface PullProgress {
  readonly imagesDone: number;
  readonly imagesTotal: number;
  readonly bytesDone: number;
  /** Counts known layers only, so it grows while manifests arrive. */
  readonly bytesTotal: number;
}

export interface HostEvent {
  readonly project: string;
  /** Empty for a job's container. */
  readonly service: string;
  /** Docker's action, e.g. `die`, `health_status: unhealthy`. */
  readonly action: string;
  readonly timeSeconds: number;
}

/** Holds secrets: never in a log, an event or a status. */
export interface DeployedFiles {
  readonly composeYaml: string;
  /** Content by the file's name, of those that may have been generated. */
  readonly secrets: ReadonlyMap<string, string>;
  /** SHA-256 of the content by the file's name, of all secret files. */
  readonly digests: ReadonlyMap<string, string>;
}

export interface Host {
  /**
   * Observes facts, state, containers and jobs of one project. `quick` is for the check that nothing changed:
   * at most 2 round trips.
   */
  observe(project: string, depth: 'quick' | 'full', signal: AbortSignal): Promise<HostObservation>;
  /**
   * Claims the host for this owner and epoch, and creates state.json. With a newer epoch, it also takes over
   * from an owner with the same cluster, namespace and name but another uid: that is this stack, deleted and
   * applied again. Refuses with `HostOwned` or `Fenced`.
   */
  claim(project: string, fence: Fence, signal: AbortSignal): Promise<HostState>;
  /**
   * Reads the compose file and the secret files of the release that runs; undefined if none does. Bounded, and
   * checked for form only: who asks decides what they are worth.
   */
  readDeployed(project: string, fence: Fence, signal: AbortSignal): Promise<DeployedFiles | undefined>;
  /** Runs the set-up script and records its digest. With `Preinstalled`, it installs no packages. */
  setUp(project: string, setup: HostSetup, fence: Fence, signal: AbortSignal): Promise<void>;
  /**
   * Stores files and `releases/<digest>/` with compose.yaml and the files beside it. Does not touch
   * `current`.
   */
  writeRelease(project: string, release: RenderedRelease, fence: Fence, signal: AbortSignal): Promise<void>;
  /**
   * Pulls missing images by digest, each with the logins that apply to it. Logins stay in the request and
   * never reach the host's disk.
   */
  pull(
    images: readonly ImageReference[],
    logins: readonly RegistryLogin[],
    onProgress: (progress: PullProgress) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Starts the release (all services, or some with what they depend on), then switches `current`. If an older
   * driver shipped the release without files that are needed now, ships it again first. Does not wait until
   * the last services are healthy; observe shows that. Refuses a start that would recreate a volume
   * (`VolumeChanged`). Refuses to start when data that state.json names are not in the release's volumes
   * (`DataMissing`), because compose would make empty ones.
   */
  composeUp(
    project: string,
    release: RenderedRelease,
    services: readonly string[] | 'all',
    fence: Fence,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Stops the project's containers in reverse start order. Data and containers stay. @param keep services
   * that keep running
   */
  composeStop(project: string, fence: Fence, signal: AbortSignal, keep?: readonly string[]): Promise<void>;
  /** Removes containers, networks, **volumes**, files and state of exactly this project. */
  destroy(project: string, fence: Fence, signal: AbortSignal): Promise<void>;
  /**
   * Records in state.json that the release was applied (with hashes read from the host), that data were
   * loaded (which ends an update), or that an update begins (null: is over).
   */
  record(project: string, change: RecordedChange, fence: Fence, signal: AbortSignal): Promise<HostState>;
  /**
   * Records that the stack is at another address now (undefined: here again). From then on this host refuses
   * composeUp and new jobs (`Moved`). Stops and removes the stack's containers, so a reboot starts none of
   * them. Data stay.
   */
  markMoved(
    project: string,
    to: { readonly address: string } | undefined,
    fence: Fence,
    signal: AbortSignal,
  ): Promise<HostState>;
  /** Keeps `keep` and `current`. Removes other releases, and files and images that no kept release uses. */
  prune(project: string, keep: readonly string[], fence: Fence, signal: AbortSignal): Promise<void>;
  /** Makes missing volumes of the project, for data that are loaded beside those in use. */
  createVolumes(project: string, names: readonly string[], fence: Fence, signal: AbortSignal): Promise<void>;
  /**
   * Removes the project's volumes that neither its containers nor its previous data need: data of a restore
   * that nobody switched to, and data that are no longer kept. state.json, read under the host's lock,
   * decides which these are.
   */
  pruneVolumes(project: string, fence: Fence, signal: AbortSignal): Promise<void>;
  /**
   * Bytes that volumes take on disk. Undefined if they cannot be measured within five minutes. Reads with the
   * lowest priority.
   */
  measureVolumes(
    project: string,
    volumes: readonly string[],
    fence: Fence,
    signal: AbortSignal,
  ): Promise<number | undefined>;
  startJob(project: string, job: JobSpec, fence: Fence, signal: AbortSignal): Promise<void>;
  readJob(uid: string, signal: AbortSignal): Promise<JobReport | undefined>;
  /**
   * Stops the job's running containers (SIGTERM, then SIGKILL), then removes its containers and its exchange
   * volume. If it is gone already, that is success.
   */
  removeJob(uid: string, fence: Fence, signal: AbortSignal): Promise<void>;
  /**
   * Stores the last 1,000 log lines of each service in `failures/<name>-<service>.log` on the host, readable
   * for root. Keeps the newest 20 files. Waits for a compose that still runs. Skips a service without a
   * container.
   */
  keepLogs(
    project: string,
    name: string,
    services: readonly string[],
    fence: Fence,
    signal: AbortSignal,
  ): Promise<void>;
  /** Returns the last lines of a service's log, for people who ask why. */
  logs(project: string, service: string, lines: number, signal: AbortSignal): Promise<string>;
  /**
   * Yields Docker events of all projects on the host. Throws when the connection ends. Events are hints only:
   * state is always listed again.
   * @param sinceSeconds since 1970, by the host's clock: first come events from then on that Docker still remembers
   */
  events(signal: AbortSignal, sinceSeconds?: number): AsyncIterable<HostEvent>;
}

/** Hands out hosts; one SSH connection per target, shared and kept. */
export interface HostDriver {
  host(target: HostTarget): Host;
  /** Closes connections that nobody used for `idleSeconds`. */
  closeIdle(idleSeconds: number): void;
  close(): Promise<void>;
}

/** Stable reasons, also used as condition reasons; each is explained in `docs/reasons.md`. */
export type HostErrorReason =
  | 'NotChecked' // the time was over before there was a place to ask it
  | 'HostUnreachable' // no TCP, no SSH banner, time-out, connection lost
  | 'HostKeyMismatch' // the machine that answers is not the one pinned
  | 'AuthenticationFailed' // the SSH user or key is refused
  | 'AddressBanned' // because logins failed, sshd lets nobody in from our address for a while
  | 'SudoRefused'
  | 'HostSetupFailed' // the set-up script ended with an error (message has its last lines)
  | 'DockerUnavailable' // Docker is not installed, or nobody listens on its socket
  | 'DockerHangs' // its daemon does not answer in time, although the host does
  | 'HostStateInvalid' // what lies in place of state.json, or the fence, is not what we write
  | 'HostOwned' // state.json names another stack
  | 'Fenced' // a newer epoch holds the host
  | 'MachineChanged' // the machine-id at the address differs from that in state or status
  | 'DiskFull' // no space or no inodes
  | 'DiskReadOnly'
  | 'ImageNotFound'
  | 'RegistryRefused' // 401 or 403
  | 'RegistryUnreachable'
  | 'VolumeChanged'
  | 'DataMissing' // state.json says that data were loaded, but the volumes do not hold them
  | 'Moved' // the stack was moved to another host, so this one must not start it
  | 'ComposeFailed'
  | 'JobFailed'
  | 'OutcomeUnknown'; // the connection was lost in the middle: observe again

const longestMessage = 8000;

export class HostError extends Error {
  override readonly name = 'HostError';
  readonly reason: HostErrorReason;
  readonly host: string;

  /**
   * @param message says what happened, to what, and what to do; without secrets. It may have words of the host, so nothing in it
   *   stays that a terminal obeys, and it is cut off.
   */
  constructor(reason: HostErrorReason, host: string, message: string, cause?: unknown) {
    super(tame(message.slice(0, longestMessage)), cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.host = host;
  }
}
