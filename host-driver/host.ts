/**
 * What a controller may ask of a compose host. Everything that reaches a host goes through this port, so that tests can
 * count effects, fail them, and stop the process before or after each. `connect.ts` has the real one (SSH + Docker API),
 * `fake/` the one for speed; `test/contract/host.ts` holds both to the same behaviour.
 *
 * Conventions: every call takes an AbortSignal and is bounded in time; every mutating call takes a {@link Fence} and is
 * idempotent ("already so" is success); failures are a {@link HostError} whose `reason` is stable.
 */

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

/** Where a host is and how it proves who it is. Fingerprints as `SHA256:…` (OpenSSH's notation, no padding). */
export interface HostEndpoint {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly hostKeyFingerprints: readonly string[];
  /** OpenSSH or PEM private key, from the Secret's key `ssh-privatekey`. */
  readonly privateKey: string;
  /** From the Secret's key `passphrase`, when the private key is encrypted. */
  readonly passphrase?: string;
}

/** A host and, on premises, the jump host in front of it. */
export interface HostTarget extends HostEndpoint {
  readonly jumpHost?: HostEndpoint;
}

/** A cluster has one object of a name: another uid is of the one before it, which is gone. */
export function isSameStack(a: Omit<StackOwner, 'uid'>, b: Omit<StackOwner, 'uid'>): boolean {
  return a.clusterID === b.clusterID && a.namespace === b.namespace && a.name === b.name;
}

/** The right to change a host: the host refuses an epoch older than the one it has seen (`Fenced`). */
export interface Fence {
  readonly owner: StackOwner;
  readonly epoch: number;
}

export interface HostFacts {
  /** `/etc/machine-id`: with its host key a host is this, not its address. */
  readonly machineID: string;
  /** Fingerprint of the host key it proved to have: machines that were made from one template have one machine-id. */
  readonly hostKey?: string;
  readonly osID: string;
  readonly osVersion: string;
  readonly osName: string;
  readonly architecture: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Docker's directory, as the daemon tells it. */
  readonly dataRoot: string;
  /** Of the file system that holds Docker's volumes (or will). */
  readonly diskTotalBytes: number;
  readonly diskFreeBytes: number;
  /** Of the file system that holds the images, where that is another one. */
  readonly imageDisk?: { readonly totalBytes: number; readonly freeBytes: number };
  readonly timeZone: string;
  /** Host clock minus ours, whole seconds. */
  readonly clockSkewSeconds: number;
  readonly canSudo: boolean;
  /** Absent when Docker is not installed, or its daemon not reachable for the SSH user. */
  readonly dockerVersion?: string;
  /** Of the Docker API, such as `1.41`; absent with dockerVersion. */
  readonly apiVersion?: string;
  readonly composeVersion?: string;
  /** Networks that Docker made on the host, IPv4 and IPv6. */
  readonly bridges?: readonly { readonly name: string; readonly subnet: string }[];
  /** What the login shell prints beside the answers of commands, shortened. */
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
  /** What its health check said last, one line; only while it is not healthy, and from a full observation. */
  readonly healthMessage?: string;
  readonly configHash: string;
}

/**
 * What lies in a volume: a database with somebody's tables in it, an initialised one without any, other entries, only the mark of a load,
 * the mark of a load that did not come to its end, or nothing.
 */
export type VolumeContent = 'Database' | 'BareDatabase' | 'Data' | 'Marked' | 'Loading' | 'Empty';

export interface HostObservation {
  readonly facts: HostFacts;
  readonly state?: HostState;
  /** Containers of this compose project, jobs excluded. */
  readonly containers: readonly ObservedContainer[];
  readonly jobs: readonly ObservedJob[];
  /** Digests of the rendered releases that lie on the host. */
  readonly releases: readonly string[];
  /** Target of the `current` link. */
  readonly currentRelease?: string;
  /**
   * What somebody changed by hand of what the driver put there: `files/<sha256>`, `compose.yaml` and what lies beside it, `firewall`; and
   * `docker-rules` when those of Docker are gone. Only from a full observation.
   */
  readonly changed?: readonly string[];
  /** Names of the volumes of this compose project. */
  readonly volumes: readonly string[];
  /** What lies in them, as far as the SSH user's rights go; only from a full observation. */
  readonly contents?: Readonly<Record<string, VolumeContent>>;
  /** `repository@sha256:…` of images present; only from a full observation. */
  readonly images?: readonly string[];
}

/** Everything that host set-up needs to know; its digest decides whether to run it again. */
export interface HostSetup {
  readonly mode: 'Managed' | 'Preinstalled';
  readonly timeZone?: string;
  readonly dns?: {
    readonly nameservers: readonly string[];
    readonly searchDomains: readonly string[];
    readonly hosts: readonly { readonly ip: string; readonly names: readonly string[] }[];
  };
  /** Absent: the firewall is left alone. */
  readonly firewall?: FirewallRules;
  /** Docker's own settings; absent: left alone. */
  readonly docker?: DockerSettings;
  /** Absent: as the host itself has it. */
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
  /** `version` changes with the others: it stands for them where something is compared, and is no secret. */
  readonly credentials?: { readonly username: string; readonly password: string; readonly version: string };
}

export interface PullProgress {
  readonly imagesDone: number;
  readonly imagesTotal: number;
  readonly bytesDone: number;
  /** Known layers only: grows while manifests arrive. */
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

export interface Host {
  /** Facts, state, containers and jobs of one project. `quick` is made for the no-change check: ≤ 2 round trips. */
  observe(project: string, depth: 'quick' | 'full', signal: AbortSignal): Promise<HostObservation>;
  /**
   * Takes the host for this owner and epoch; creates state.json. With a newer epoch, also from an owner with another uid but the same
   * cluster, namespace and name: that is this stack, deleted and applied again. Refused with `HostOwned` or `Fenced`.
   */
  claim(project: string, fence: Fence, signal: AbortSignal): Promise<HostState>;
  /** Runs the set-up script (or, Preinstalled, only what needs no packages) and records its digest. */
  setUp(project: string, setup: HostSetup, fence: Fence, signal: AbortSignal): Promise<void>;
  /** Stores files and `releases/<digest>/`, with compose.yaml and what lies beside it; `current` is not touched. */
  writeRelease(project: string, release: RenderedRelease, fence: Fence, signal: AbortSignal): Promise<void>;
  /** Pulls by digest what is missing, each image with the logins that hold for it. They stay in the request; nothing lies on the host. */
  pull(
    images: readonly ImageReference[],
    logins: readonly RegistryLogin[],
    onProgress: (progress: PullProgress) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /**
   * Starts the release (all services, or some with what they depend on), then switches `current`. What a driver of the version before
   * did not ship of it is shipped first.
   * Never waits for health: observe tells. Refuses (`VolumeChanged`) what would recreate a volume, and (`DataMissing`) to start anything
   * over data that state.json says were loaded and that are not in the release's volumes: compose would make empty ones.
   */
  composeUp(
    project: string,
    release: RenderedRelease,
    services: readonly string[] | 'all',
    fence: Fence,
    signal: AbortSignal,
  ): Promise<void>;
  /** Stops the project's containers (reverse start order); data and containers stay. @param keep services that go on running */
  composeStop(project: string, fence: Fence, signal: AbortSignal, keep?: readonly string[]): Promise<void>;
  /** Removes containers, networks, **volumes**, files and state of exactly this project. */
  destroy(project: string, fence: Fence, signal: AbortSignal): Promise<void>;
  /**
   * Records in state.json that the release was applied (with hashes read back live), that data was loaded (which ends an update
   * that was under way), or that an update begins (null: is over).
   */
  record(project: string, change: RecordedChange, fence: Fence, signal: AbortSignal): Promise<HostState>;
  /**
   * The stack lives at another address now (or, undefined, here again). From then on this host refuses (`Moved`) composeUp and
   * new jobs; the stack's containers are stopped and removed, so that a reboot brings none of them back. Data stay.
   */
  markMoved(
    project: string,
    to: { readonly address: string } | undefined,
    fence: Fence,
    signal: AbortSignal,
  ): Promise<HostState>;
  /** Keeps `keep` and `current`, removes other releases, files no kept release names, images no kept release uses. */
  prune(project: string, keep: readonly string[], fence: Fence, signal: AbortSignal): Promise<void>;
  /** Makes volumes of the project that are not there yet, for what is loaded beside those in use. */
  createVolumes(project: string, names: readonly string[], fence: Fence, signal: AbortSignal): Promise<void>;
  /**
   * Removes the project's volumes that neither its containers nor its previous data need: what a restore loaded and nobody
   * switched to, and data that are not kept any longer. Which these are is decided by state.json, read under the host's lock.
   */
  pruneVolumes(project: string, fence: Fence, signal: AbortSignal): Promise<void>;
  /** Bytes that volumes take on disk; undefined when that cannot be told within five minutes. Reads with the lowest priority. */
  measureVolumes(
    project: string,
    volumes: readonly string[],
    fence: Fence,
    signal: AbortSignal,
  ): Promise<number | undefined>;
  startJob(project: string, job: JobSpec, fence: Fence, signal: AbortSignal): Promise<void>;
  readJob(uid: string, signal: AbortSignal): Promise<JobReport | undefined>;
  /** Stops what of it still runs (SIGTERM, then SIGKILL), removes its containers and its exchange volume; gone already is success. */
  removeJob(uid: string, fence: Fence, signal: AbortSignal): Promise<void>;
  /**
   * Stores the last 1,000 log lines of each service in `failures/<name>-<service>.log` on the host, readable for root; the newest
   * 20 files are kept. Waits for a compose that still runs. A service without a container is left out.
   */
  keepLogs(
    project: string,
    name: string,
    services: readonly string[],
    fence: Fence,
    signal: AbortSignal,
  ): Promise<void>;
  /** The last lines of a service's log, for the person who asks why. */
  logs(project: string, service: string, lines: number, signal: AbortSignal): Promise<string>;
  /** Docker events of all projects on the host; ends (throws) when the connection does. State is always listed again. */
  events(signal: AbortSignal): AsyncIterable<HostEvent>;
}

/** Hands out hosts; one SSH connection per target, shared and kept. */
export interface HostDriver {
  host(target: HostTarget): Host;
  /** Closes what was not asked for since `idleSeconds`. */
  closeIdle(idleSeconds: number): void;
  close(): Promise<void>;
}

/** Stable reasons, also used as condition reasons; each is explained in `docs/reasons.md`. */
export type HostErrorReason =
  | 'HostUnreachable' // no TCP, no SSH banner, time-out, connection lost
  | 'HostKeyMismatch' // the machine that answers is not the one pinned
  | 'AuthenticationFailed' // the SSH user or key is refused
  | 'AddressBanned' // sshd lets nobody in from our address for a while, because logins failed
  | 'SudoRefused'
  | 'HostSetupFailed' // the set-up script ended with an error (message has its last lines)
  | 'DockerUnavailable' // not installed, or the daemon does not answer
  | 'HostOwned' // state.json names another stack
  | 'Fenced' // a newer epoch holds the host
  | 'MachineChanged' // the address belongs to another machine-id than state or status say
  | 'DiskFull'
  | 'ImageNotFound'
  | 'RegistryRefused' // 401 or 403
  | 'RegistryUnreachable'
  | 'VolumeChanged'
  | 'DataMissing' // state.json says that data were loaded, and the volumes do not hold them
  | 'Moved' // the stack was moved to another host; this one must not start it
  | 'ComposeFailed'
  | 'JobFailed'
  | 'OutcomeUnknown'; // the connection went away in the middle: observe again

export class HostError extends Error {
  override readonly name = 'HostError';
  readonly reason: HostErrorReason;
  readonly host: string;

  /** @param message says what happened, to what, and what to do; without secrets. */
  constructor(reason: HostErrorReason, host: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.host = host;
  }
}
