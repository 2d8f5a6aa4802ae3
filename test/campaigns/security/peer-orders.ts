/** Which hostile peer a reader wants. It goes from the campaign to the process of the peers. */
import type { HostTarget } from '../../../host-driver/host.ts';
import type { Form } from './answers.ts';

/** Where the host gives the answer; everything else is as usual. */
export type Place =
  /** Before a word of SSH. */
  | { readonly at: 'Greeting' }
  /** Instead of running the command. */
  | { readonly at: 'Shell' }
  | { readonly at: 'Stdout' | 'Stderr' }
  /** After the first command, which is only a check. */
  | { readonly at: 'SecondCommand' }
  | { readonly at: 'Facts' | 'State' }
  /** In place of what Docker says; the first request whose path fits. */
  | { readonly at: 'Docker'; readonly path: string; readonly status?: number };

/** A store or a registry. */
export interface ServerOrder {
  /** Name of an answer. */
  readonly answer: string;
  readonly form: Form;
  readonly status: number;
  /** Below it, a token is asked for, and the answer comes in its place. */
  readonly closedPath?: string | undefined;
}

export interface HostOrder {
  /** Name of an answer. */
  readonly answer: string;
  readonly form: Form;
  readonly place: Place;
}

export type ToPeers =
  | { readonly id: number; readonly open: HostOrder | ServerOrder }
  | { readonly id: number; readonly close: number };
export interface FromPeers {
  readonly id: number;
  readonly target?: HostTarget;
  readonly url?: string;
}
