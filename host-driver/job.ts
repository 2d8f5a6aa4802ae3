/**
 * Jobs are long work on a host in detached containers. These are the types by which a controller asks for
 * them and sees them. A job is one main container of the toolbox. If it needs a stack's own tools, it has
 * companions. Only the main container gives the verdict.
 */
import type { JobProgress } from '../jobs/job.ts';
import type { ImageReference } from './rendered-release.ts';

/**
 * A volume inside a job's container, by its full name. It is made if it is the project's own and does not
 * exist.
 */
export interface JobVolume {
  readonly volume: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/**
 * A container beside the main one, for instance with the database's own backup tool. It is started before the
 * main container and ends by itself. It is not a job of its own: no observation shows it, and the main
 * container has to find out what it did.
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
  /**
   * Copied in before the start. The owner is the container's user if that is numeric, else root. Never in
   * argv or environment.
   */
  readonly files: readonly { readonly path: string; readonly content: string; readonly mode: number }[];
  readonly memoryBytes: number;
}

/** A container of the toolbox image (or a component's own image) that does long work. */
export interface JobSpec {
  /**
   * uid of the object that asked for the job. The container is `jtel-job-<uid>`; if it exists, it is adopted.
   */
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
  /**
   * Where all containers of the job mount the exchange volume (`jtel-job-<uid>`), which is made for the job
   * and removed with it.
   */
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
  /**
   * When it ended: unix seconds by the host's clock. Only from a read of the job, not from an observation.
   */
  readonly finishedSeconds?: number;
}

export interface JobReport {
  readonly job: ObservedJob;
  /** Last progress line the job wrote (JSON lines on stdout: `{"progress": {…}}`). */
  readonly progress?: JobProgress;
  /** From the job's last line (`{"result": …}`), if it succeeded. */
  readonly result?: unknown;
  /**
   * From the last line (`{"error": {reason, message}}`) if it failed; otherwise made from exit code and OOM.
   */
  readonly error?: { readonly reason: string; readonly message: string };
}
