/** What commands need from the process and the terminal. Tests provide their own. */
import { PassThrough, Readable, type Writable } from 'node:stream';
import type { SecretRegistry } from '../runtime/report/secret-registry.ts';
import type { Terminal } from '../command-line/terminal.ts';

export interface Surroundings extends Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Set if results go to a terminal. */
  readonly screen?: Screen;
  /** Asks the person; absent if nobody is there to answer. */
  readonly ask?: (question: string, signal: AbortSignal) => Promise<string>;
  /**
   * Passes keys on as they are pressed, for a command in a container. The returned function ends that. Absent
   * if input is no terminal.
   */
  readonly rawKeys?: () => () => void;
  readonly now: () => Date;
  /** Learns every secret that the command reads; what is printed is masked with it. */
  readonly secrets?: SecretRegistry;
}

/** The terminal that shows the results. */
export interface Screen {
  readonly type: string;
  readonly size: () => { readonly columns: number; readonly rows: number };
  readonly onResize: (listener: () => void) => () => void;
}

/** For code that describes the commands and calls none. */
export const silentSurroundings: Surroundings = {
  print: () => undefined,
  note: () => undefined,
  signal: new AbortController().signal,
  environment: {},
  stdin: Readable.from([]),
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  now: () => new Date(0),
};
