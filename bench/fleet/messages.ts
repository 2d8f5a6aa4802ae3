/** What the harness and the operator that it measures tell each other, over Node's channel between processes. */

/** How the operator's process differs from one that users run. */
export interface FleetSettings {
  /** The state of the repository that runs there. */
  readonly tree: string;
  /** What lies on the hosts, kept from one process to the next; without it all hosts are new. */
  readonly hostsFile?: string;
  /** Delay of each call of a host. */
  readonly hostMilliseconds: number;
}

/** Milliseconds of the clock that all processes of a machine share. */
export function sharedClock(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** One call of a host. */
export interface HostCall {
  readonly address: string;
  readonly method: string;
  /** By the shared clock. */
  readonly startedAt: number;
}

/** A look at a host that ended well. */
export interface Observed {
  readonly address: string;
  /** By the shared clock. */
  readonly endedAt: number;
}

/** One look that has ended, at an object of any kind. */
export interface Look {
  /** Such as `stack`. */
  readonly controller: string;
  /** `namespace/name` */
  readonly object: string;
  readonly milliseconds: number;
  /** What the event loop's thread worked meanwhile, on this look and on others. A busy machine does not change it. */
  readonly loopMilliseconds: number;
}

/** What the process has used since it started; its event loop since it was asked last. */
export interface Usage {
  readonly cpuMilliseconds: number;
  /** Of it, by the event loop's thread. */
  readonly loopMilliseconds: number;
  readonly residentMB: number;
  readonly heapMB: number;
  readonly longestStopMilliseconds: number;
}

export interface Report {
  readonly calls?: readonly HostCall[];
  readonly observed?: readonly Observed[];
  readonly looks?: readonly Look[];
  readonly usage?: Usage;
}

export const usageWanted = 'usage';
/** The same after a collection of garbage. */
export const leastUsageWanted = 'usage after a collection';
/** The name of the environment's variable that carries {@link FleetSettings} as JSON. */
export const settingsVariable = 'JTEL_FLEET';
