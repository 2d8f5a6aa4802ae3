/**
 * What a person does on a compose host: follow logs, run a command in a container, see which ports are in
 * use. This is apart from `host.ts`, because the operator does none of it and its port stays small.
 * `console/open.ts` has the real one, on its own connection with the same pinned keys. Nothing here changes a
 * host, except the person's own command.
 *
 * Failures are `HostError`s, as everywhere in the driver.
 */
import type { Readable, Writable } from 'node:stream';
import type { ObservedContainer } from './host.ts';

export interface LogQuestion {
  /** The last lines of each container. `all` reads everything that Docker still has. */
  readonly tail: number | 'all';
  /** Only lines younger than this, in seconds. */
  readonly sinceSeconds?: number;
  /**
   * `Follow` continues with new lines until the signal aborts. It includes containers that replace the
   * present ones.
   */
  readonly mode: 'Once' | 'Follow';
}

export interface LogLine {
  readonly service: string;
  readonly stream: 'stdout' | 'stderr';
  /** When the container wrote it: RFC 3339 with nine fraction digits, so that text order is time order. */
  readonly time: string;
  /** Without the line end. The text is not ours, so it may hold control characters. */
  readonly text: string;
}

/** The terminal that a command sees. */
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
  /** Empty with a terminal, which has only one stream. */
  readonly stderr: Writable;
  readonly terminal?: ConsoleTerminal;
}

/** A port that somebody on the host listens on, or that Docker publishes. */
export interface UsedPort {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  /** Of the container that publishes it. Absent for anybody else, also for containers in the host's network. */
  readonly container?: string;
  /** The compose project of that container. */
  readonly project?: string;
}

export interface HostConsole {
  /** Containers of a project, running or not, jobs excluded. */
  containers(project: string, signal: AbortSignal): Promise<readonly ObservedContainer[]>;
  /** Lines of these services, sorted by time. While following, new lines come in the order of arrival. */
  logs(
    project: string,
    services: readonly string[],
    question: LogQuestion,
    signal: AbortSignal,
  ): AsyncIterable<LogLine>;
  /** Ports in use, by whomever. */
  usedPorts(signal: AbortSignal): Promise<readonly UsedPort[]>;
  /**
   * Runs a command in a running container (id as `containers` gives it). @returns its exit code.
   * @throws HostError OutcomeUnknown when the connection was lost: the command may still run.
   */
  execute(
    containerID: string,
    command: readonly string[],
    streams: CommandStreams,
    signal: AbortSignal,
  ): Promise<number>;
  close(): Promise<void>;
}
