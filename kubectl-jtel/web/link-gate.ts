/**
 * Lets in whoever has the link that `kubectl jtel web` prints. Its token stands behind the `#`, so browsers
 * send it to nobody and it is in no log; the page exchanges it for a cookie that no script can read.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Gate, Viewer } from '../../web/server/viewer.ts';
import { cookieOf } from '../../web/server/requests.ts';
import type { SignIn } from '../../web/protocol.ts';

const stranger: SignIn = {
  how: 'Link',
  message: 'This page opens only with the address that `kubectl jtel web` printed.',
};

export interface LinkGate extends Gate {
  readonly token: string;
}

/** @param viewer everybody with the link is the person who called the command */
export function linkGate(viewer: Viewer, cookieName: () => string): LinkGate {
  const token = randomBytes(32).toString('base64url');
  const isToken = (given: string): boolean => timingSafeEqual(digest(given), digest(token));
  return {
    token,
    canSignOut: false,
    admit: async ({ headers }) => (isToken(cookieOf(headers, cookieName()) ?? '') ? viewer : stranger),
    signIn: async (given) => (isToken(given) ? { cookie: token } : stranger),
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
