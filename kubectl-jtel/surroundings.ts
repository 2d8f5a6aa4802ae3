/** What commands need of the process and the terminal they run in. Tests give them other ones. */
import { PassThrough, Readable, type Writable } from 'node:stream';
import type { Terminal } from '../command-line/terminal.ts';

export interface Surroundings extends Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Set when results go to a terminal. */
  readonly screen?: Screen;
  /** Asks the person; absent when nobody is there to answer. */
  readonly ask?: (question: string, signal: AbortSignal) => Promise<string>;
  /** Keys as they are pressed, for a command in a container; undone by what it returns. Absent when input is no terminal. */
  readonly rawKeys?: () => () => void;
  readonly now: () => Date;
}

/** A terminal that shows the results. */
export interface Screen {
  readonly type: string;
  readonly size: () => { readonly columns: number; readonly rows: number };
  readonly onResize: (listener: () => void) => () => void;
}

/** For those who want the commands described and call none. */
export const silentSurroundings: Surroundings = {
  print: () => undefined,
  tell: () => undefined,
  signal: new AbortController().signal,
  environment: {},
  stdin: Readable.from([]),
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  now: () => new Date(0),
};
