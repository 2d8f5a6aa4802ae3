/** Who looks at the page, and what that person may see. */
import type { IncomingMessage } from 'node:http';
import type { Limit, SignIn } from '../protocol.ts';

/** What rows are made from; a right of its own for each. */
export type ListedKind = Limit['what'];
/** What only the detail of a stack needs. */
export type DetailKind = 'controllerrevisions' | 'events';

export interface Viewer {
  /** Absent if the server does not know it. */
  readonly user?: string;
  /** Differs as soon as this viewer sees something else: pages of before must forget their rows. */
  readonly rights: string;
  readonly limits: readonly Limit[];
  sees(namespace: string, what: ListedKind): boolean;
  /** Asked only when somebody opens a stack. */
  mayRead(namespace: string, what: DetailKind, signal: AbortSignal): Promise<boolean>;
}

/** The gate cannot ask about everybody who comes; its message is for the visitor. */
export class GateBusy extends Error {
  override readonly name = 'GateBusy';
}

/** Knows people by what their requests carry. */
export interface Gate {
  /** Whether people sign in with something that they can also drop again. */
  readonly canSignOut: boolean;
  /** Asked for each request, and again and again while a stream lasts. @throws {GateBusy} */
  admit(request: IncomingMessage, signal: AbortSignal): Promise<Viewer | SignIn>;
  /** Takes what a person signs in with. @returns the cookie's value, or how to sign in. @throws {GateBusy} */
  signIn(token: string, signal: AbortSignal): Promise<{ readonly cookie: string } | SignIn>;
}

export function isSignIn(answer: Viewer | SignIn | { readonly cookie: string }): answer is SignIn {
  return 'how' in answer;
}
