/**
 * Who sends a request: somebody with a token of the cluster, or somebody whom an authenticating proxy names.
 * Only a proxy that knows the shared secret is believed, because anybody in the cluster could send such headers.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { KnownUser } from '../../runtime/client/review.ts';
import { cookieOf } from '../../web/server/requests.ts';
import type { SignIn } from '../../web/protocol.ts';

export const cookieName = 'jtel-web';

/** The headers that the proxy sets. It must remove them from what comes from outside. */
export interface ProxyHeaders {
  /** Lower case, as Node has them. */
  readonly userHeader: string;
  readonly groupsHeader: string;
  readonly secretHeader: string;
  readonly secret: string;
}

export const withoutToken: SignIn = {
  how: 'Token',
  message: 'Sign in with a token of the cluster. You then see what its user may list.',
};

export const withoutProxy: SignIn = {
  how: 'Proxy',
  message: 'This page is reached through a log-in page in front of it, which did not say who you are.',
};

/** The token of a request; a program sends a header, a browser its cookie. */
export function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  const [, bearer] = /^Bearer ([\w.~+/=-]+)$/i.exec(headers.authorization ?? '') ?? [];
  return bearer ?? cookieOf(headers, cookieName);
}

/**
 * Whom the proxy names. Names with a comma could be two headers, one of them from outside; those of the
 * cluster itself (`system:…`) are not for the proxy to give.
 */
export function userOfProxy(headers: IncomingHttpHeaders, proxy: ProxyHeaders): KnownUser | undefined {
  const username = valueOf(headers, proxy.userHeader);
  const groups = valueOf(headers, proxy.groupsHeader)
    .split(',')
    .map((group) => group.trim())
    .filter((group) => group !== '');
  const isProven = isSame(valueOf(headers, proxy.secretHeader), proxy.secret);
  const isSane = username !== '' && !username.includes(',') && groups.length > 0;
  if (!isProven || !isSane || [username, ...groups].some((name) => name.startsWith('system:')))
    return undefined;
  return { username, groups: [...groups, 'system:authenticated'] };
}

function valueOf(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return (Array.isArray(value) ? value.join(',') : (value ?? '')).trim();
}

/** In a time that says nothing about how much of it is right. */
function isSame(given: string, wanted: string): boolean {
  return timingSafeEqual(digestOf(given), digestOf(wanted));
}

export function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
