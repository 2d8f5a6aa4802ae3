/**
 * What a person does on a compose host: read logs as they come, run a command in a container. Apart from `host.ts`, because
 * the operator does neither and its port stays small. `console/open.ts` has the real one, on a connection of its own with the
 * same pinned keys. Nothing here changes a host, except for what the person's own command does.
 *
 * Failures are a `HostError`, as everywhere in the driver.
 */
import type { Readable, Writable } from 'node:stream';
import type { ObservedContainer } from './host.ts';

export interface LogQuestion {
  /** Last lines of each container; `all` reads whatever Docker still keeps. */
  readonly tail: number | 'all';
  /** Only what is younger, in seconds. */
  readonly sinceSeconds?: number;
  /** `Follow` goes on with what is written from now on, also by containers that replace those of now, until the signal aborts. */
  readonly mode: 'Once' | 'Follow';
}

export interface LogLine {
  readonly service: string;
  readonly stream: 'stdout' | 'stderr';
  /** When the container wrote it: RFC 3339 with nine fraction digits, so that text order is time order. */
  readonly time: string;
  /** Without its end. Not ours: it may hold control characters. */
  readonly text: string;
}

/** The terminal in which a command shall believe to run. */
export interface ConsoleTerminal {
  /** Its type, as in `$TERM`. */
  readonly type: string;
  readonly size: () => TerminalSize;
  /** @returns the way to stop listening. */
  readonly onResize: (listener: () => void) => () => void;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface CommandStreams {
  /** Absent: the command's input is empty. */
  readonly stdin?: Readable;
  readonly stdout: Writable;
  /** Empty with a terminal, which knows but one stream. */
  readonly stderr: Writable;
  readonly terminal?: ConsoleTerminal;
}

export interface HostConsole {
  /** Containers of a project, running or not, jobs excluded. */
  containers(project: string, signal: AbortSignal): Promise<readonly ObservedContainer[]>;
  /** Lines of these services in the order of time (those that come in while following, as they come). */
  logs(
    project: string,
    services: readonly string[],
    question: LogQuestion,
    signal: AbortSignal,
  ): AsyncIterable<LogLine>;
  /**
   * Runs a command in a running container (id as `containers` gives it). @returns its exit code.
   * @throws HostError OutcomeUnknown when the connection was lost meanwhile: the command may still run.
   */
  execute(
    containerID: string,
    command: readonly string[],
    streams: CommandStreams,
    signal: AbortSignal,
  ): Promise<number>;
  close(): Promise<void>;
}
