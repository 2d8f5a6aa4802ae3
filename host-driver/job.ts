/**
 * Jobs: long work on a host in detached containers, as a controller asks for them and as it sees them. A job is one main
 * container of the toolbox and, where it needs a stack's own tools, companions beside it; only the main one gives the verdict.
 */
import type { JobProgress } from '../jobs/job.ts';
import type { ImageReference } from './rendered-release.ts';

/** A volume inside a job's container; named in full, and made when it is the project's own and does not exist. */
export interface JobVolume {
  readonly volume: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/**
 * A container beside the main one, for instance with the database's own backup tool. It is started before the main container,
 * ends by itself, and is no job of its own: no observation shows it, and what it did the main container has to find out.
 */
export interface JobCompanion {
  /** The container is `jtel-job-<uid>-<name>`. */
  readonly name: string;
  readonly image: ImageReference;
  /** Instead of the image's own. */
  readonly entrypoint?: readonly string[];
  readonly command: readonly string[];
  /** Numeric, `uid:gid`; default: the image's own. */
  readonly user?: string;
  readonly network?: string;
  readonly volumes: readonly JobVolume[];
  /** Put in before the start; owner is the container's user when that is numeric, else root. Never in argv or environment. */
  readonly files: readonly { readonly path: string; readonly content: string; readonly mode: number }[];
  readonly memoryBytes: number;
}

/** A container of the toolbox image (or a component's own image) that does long work. */
export interface JobSpec {
  /** uid of what asked for it; the container is `jtel-job-<uid>`; 409 means: adopt it. */
  readonly uid: string;
  readonly type: string;
  readonly image: ImageReference;
  readonly command: readonly string[];
  /** Network, volumes and so on of the compose project. */
  readonly network?: string;
  readonly volumes: readonly JobVolume[];
  /** Written to `/run/job/spec.json` (0600) before the start; never in argv, environment or labels. */
  readonly input: unknown;
  readonly memoryBytes: number;
  readonly companions?: readonly JobCompanion[];
  /** Where a volume that is made for this job (`jtel-job-<uid>`) and removed with it is mounted, in all its containers. */
  readonly exchange?: string;
}

/** A detached container that does long work on the host; outlives SSH drops and operator restarts. */
export interface ObservedJob {
  readonly name: string;
  readonly uid: string;
  readonly type: string;
  readonly state: 'Created' | 'Running' | 'Succeeded' | 'Failed';
  readonly exitCode?: number;
  readonly oomKilled?: boolean;
  /** When it ended, unix seconds by the host's clock; only then. From a read of the job, not from an observation. */
  readonly finishedSeconds?: number;
}

export interface JobReport {
  readonly job: ObservedJob;
  /** Last progress line the job wrote (JSON lines on stdout: `{"progress": {…}}`). */
  readonly progress?: JobProgress;
  /** From the job's last line (`{"result": …}`) when it succeeded. */
  readonly result?: unknown;
  /** From the last line (`{"error": {reason, message}}`) when it failed; else made from exit code and OOM. */
  readonly error?: { readonly reason: string; readonly message: string };
}
