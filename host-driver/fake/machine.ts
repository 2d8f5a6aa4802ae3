/**
 * A compose host in memory: its disk, its Docker, and the faults that a test gives it. Tests and benches read
 * and change its fields. `fake/host.ts` does to it what a driver does to a real host.
 */
import { HostError } from '../host.ts';
import { FormatError, read } from '../../backup-format/schema.ts';
import { jobInput, type JobProgress } from '../../jobs/job.ts';
import type {
  FirewallRules,
  Host,
  HostErrorReason,
  HostEvent,
  HostFacts,
  HostSetup,
  HostState,
  JobSpec,
  RenderedRelease,
  StackOwner,
  VolumeContent,
} from '../host.ts';

/** What a scripted job does. */
export interface FakeJobOutcome {
  /** Default: at once. */
  readonly durationMilliseconds?: number;
  readonly progress?: JobProgress;
  readonly result?: unknown;
  /** The job fails when this is given. */
  readonly error?: { readonly reason: string; readonly message: string };
  readonly oomKilled?: boolean;
}

export interface FakeMachineOptions {
  readonly facts?: Partial<HostFacts>;
  /** Delay of each call. Default 0. */
  readonly latencyMilliseconds?: number;
  /** From the start of a container with a health check until it is healthy. Default 0. */
  readonly healthMilliseconds?: number;
  /** What a job does. Default: it succeeds at once with the result `{}`. */
  readonly runJob?: (job: JobSpec) => FakeJobOutcome;
  /** Why the registry refuses an image. Default: it gives every image. */
  readonly pullFailure?: (image: string) => HostErrorReason | undefined;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export interface FakeContainer {
  readonly id: string;
  readonly service: string;
  readonly image: string;
  readonly configHash: string;
  readonly hasHealthCheck: boolean;
  createdAt: number;
  startedAt: number;
  state: 'created' | 'running' | 'exited';
  exitCode: number;
  restarts: number;
  /** Unhealthy while true. */
  broken: boolean;
}

export interface FakeJob {
  readonly project: string;
  readonly spec: JobSpec;
  readonly outcome: FakeJobOutcome;
  readonly startedAt: number;
}

export interface FakeProject {
  owner: StackOwner;
  epoch: number;
  machineID: string;
  state: HostState | undefined;
  readonly releases: Map<string, RenderedRelease>;
  current: string | undefined;
  /** By service. */
  readonly containers: Map<string, FakeContainer>;
  /**
   * By full name, with driver and options as compose shows them. Without `content`, a volume holds what
   * belongs there.
   */
  readonly volumes: Map<
    string,
    {
      readonly driver: string;
      readonly options: Readonly<Record<string, string>>;
      readonly content?: VolumeContent;
    }
  >;
  /** Log files of what failed. */
  readonly failures: Set<string>;
}

type AnyMethod = keyof Host;

/** One call of a driver's method, before and after its effect. */
export interface FakeCall {
  readonly method: AnyMethod;
  readonly phase: 'before' | 'after';
  /** Absent for calls that concern no single project. */
  readonly project?: string;
}

const defaultFacts: HostFacts = {
  machineID: '0123456789abcdef0123456789abcdef',
  osID: 'debian',
  osVersion: '13',
  osName: 'Debian GNU/Linux 13 (trixie)',
  architecture: 'x86_64',
  cores: 8,
  memoryBytes: 32 * 2 ** 30,
  dataRoot: '/var/lib/docker',
  diskTotalBytes: 2 ** 40,
  diskFreeBytes: 2 ** 39,
  timeZone: 'Etc/UTC',
  clockSkewSeconds: 0,
  canSudo: true,
  dockerVersion: '26.1.5',
  apiVersion: '1.45',
  composeVersion: '2.26.1',
};

/** As many as Docker. */
const rememberedEvents = 256;

export class FakeMachine {
  readonly address: string;
  facts: HostFacts;
  latencyMilliseconds: number;
  healthMilliseconds: number;
  readonly now: () => number;
  readonly runJob: (job: JobSpec) => FakeJobOutcome;
  pullFailure: (image: string) => HostErrorReason | undefined;

  readonly projects = new Map<string, FakeProject>();
  readonly images = new Set<string>();
  readonly jobs = new Map<string, FakeJob>();
  /** Every call in order: what tests count. */
  readonly calls: { readonly method: AnyMethod; readonly project?: string }[] = [];
  /** Every call that failed because the host was {@link unreachable}. */
  readonly refused: { readonly method: AnyMethod; readonly project?: string }[] = [];
  setups: HostSetup[] = [];
  firewall: FirewallRules | undefined;

  /**
   * What people changed by hand, as an observation shows it. Writing the release or the set-up repairs it.
   */
  changed: string[] = [];
  /** Decides, when a container is made, whether it never becomes healthy. */
  breaks: ((service: string, version: string) => boolean) | undefined;

  /** While set, each call fails with this reason. */
  unreachable: HostErrorReason | undefined;
  diskFull = false;
  /** Called before and after each effect. A throw here is a failure, or a crash, at exactly this point. */
  onCall: ((call: FakeCall) => void | Promise<void>) | undefined;
  /** Takes the events for {@link Host.events}. */
  readonly listeners = new Set<(event: HostEvent) => void>();
  /** The last events, as Docker keeps them for who asks later. */
  readonly remembered: HostEvent[] = [];
  /** Aborting these ends the event streams, as a restart of dockerd does. */
  readonly streams = new Set<AbortController>();
  #ids = 0;

  constructor(address: string, options: FakeMachineOptions = {}) {
    this.address = address;
    this.facts = { ...defaultFacts, ...options.facts };
    this.latencyMilliseconds = options.latencyMilliseconds ?? 0;
    this.healthMilliseconds = options.healthMilliseconds ?? 0;
    this.now = options.now ?? Date.now;
    this.runJob = options.runJob ?? (() => ({ result: {} }));
    this.pullFailure = options.pullFailure ?? (() => undefined);
  }

  /** Removes Docker and compose, as on a machine that nobody set up yet. */
  withoutDocker(): this {
    const { dockerVersion: _docker, composeVersion: _compose, ...facts } = this.facts;
    this.facts = facts;
    return this;
  }

  newID(): string {
    this.#ids += 1;
    return this.#ids.toString(16).padStart(64, '0');
  }

  emit(project: string, service: string, action: string): void {
    const event = { project, service, action, timeSeconds: Math.floor(this.now() / 1000) };
    this.remembered.push(event);
    if (this.remembered.length > rememberedEvents) this.remembered.shift();
    for (const listener of this.listeners) listener(event);
  }

  error(reason: HostErrorReason, message: string): HostError {
    return new HostError(reason, this.address, `${message} (on ${this.address})`);
  }

  startJob(project: string, job: JobSpec): void {
    const outcome = refusedInput(job) ?? this.runJob(job);
    this.jobs.set(job.uid, { project, spec: structuredClone(job), outcome, startedAt: this.now() });
    setTimeout(() => this.emit(project, '', 'die'), outcome.durationMilliseconds ?? 0).unref();
  }

  /**
   * Loses data, as when a disk is not mounted or somebody cleans up: the volumes are gone, or (`Empty` and so
   * on) only their content is.
   */
  loseVolumes(project: string, content: 'Gone' | VolumeContent, names?: readonly string[]): void {
    const volumes = this.projects.get(project)?.volumes ?? new Map();
    for (const [name, volume] of volumes) {
      if (names !== undefined && !names.includes(name)) continue;
      if (content === 'Gone') volumes.delete(name);
      else volumes.set(name, { ...volume, content });
    }
  }

  /** Kills a container behind our back. */
  kill(project: string, service: string): void {
    const container = this.projects.get(project)?.containers.get(service);
    if (container === undefined) throw new Error(`no container ${service} in ${project}`);
    container.state = 'exited';
    container.exitCode = 137;
    this.emit(project, service, 'die');
  }

  /** Ends event streams, as when the connection or the daemon goes away. */
  dropStreams(): void {
    for (const stream of this.streams) stream.abort(this.error('HostUnreachable', 'the connection was lost'));
    this.streams.clear();
  }
}

/** Like the toolbox, ends a job at once whose input it does not understand. Other images take any input. */
function refusedInput({ type, command, input }: JobSpec): FakeJobOutcome | undefined {
  if (command.join(' ') !== type) return undefined;
  try {
    read(jobInput, JSON.parse(JSON.stringify(input)), 'job spec');
    return undefined;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { error: { reason: 'SpecInvalid', message: error.message } };
  }
}
