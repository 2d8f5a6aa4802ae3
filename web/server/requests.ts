/** Whether a request may be answered at all, and what it asks for. Pure: everything in it may be hostile. */
import type { IncomingHttpHeaders } from 'node:http';

export type Asked =
  | { readonly what: 'File'; readonly name: string }
  | { readonly what: 'Session'; /** Path that the cookie is for. */ readonly cookiePath: string }
  | { readonly what: 'Stream' }
  | {
      readonly what: 'Stack' | 'Plan';
      readonly namespace: string;
      readonly name: string;
      readonly context: string;
    };

const objectName = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const longestURL = 4096;
/** No name server leads these elsewhere; `kubectl port-forward` gives them any port. */
const ofThisMachine = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/**
 * The page lies under any prefix, which a proxy before it may pass on or not, so only the end of the path counts.
 * @returns undefined if there is nothing of that address
 */
export function askedFor(url: string): Asked | undefined {
  if (url.length > longestURL) return undefined;
  const [path = '', query = ''] = url.split('?', 2);
  // The path becomes an attribute of the cookie.
  if (!/^\/[\w./~%@+-]*$/.test(path)) return undefined;
  const segments = path.split('/').slice(1);
  // The last decides alone: a prefix, a namespace or a stack may be called `api`, `stacks` or `session`.
  const last = segments.at(-1) ?? '';
  switch (last) {
    case 'session':
    case 'stream':
      if (segments.at(-2) !== 'api') return undefined;
      return last === 'stream'
        ? { what: 'Stream' }
        : { what: 'Session', cookiePath: `/${segments.slice(0, -1).join('/')}` };
    case 'detail':
    case 'plan': {
      const [api, stacks, namespace = '', name = ''] = segments.slice(-5, -1);
      if (api !== 'api' || stacks !== 'stacks') return undefined;
      if (!objectName.test(namespace) || !objectName.test(name)) return undefined;
      const context = new URLSearchParams(query).get('context') ?? '';
      return { what: last === 'plan' ? 'Plan' : 'Stack', namespace, name, context };
    }
    default:
      return { what: 'File', name: last === '' ? 'index.html' : last };
  }
}

export interface Visit {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** Names that the page is reached by besides those of this machine, with their ports where they have one. */
  readonly hosts: ReadonlySet<string>;
  /** Whether it is about data rather than the page itself. */
  readonly isData: boolean;
}

/**
 * Refuses what a page of somebody else may have made a browser send. A name that leads here but is not ours
 * (DNS rebinding) shows in Host; another page shows in Origin and Sec-Fetch-Site.
 * @returns why it is refused
 */
export function refusal({ method, headers, hosts, isData }: Visit): string | undefined {
  const { host = '', origin } = headers;
  if (!hosts.has(host.toLowerCase()) && !ofThisMachine.test(host))
    return 'This server does not answer to that name.';
  if (!isData) return undefined;
  const isWrite = method !== 'GET' && method !== 'HEAD';
  if (origin === undefined ? isWrite : hostOf(origin) !== host.toLowerCase())
    return 'Another page must not ask here.';
  // Another port of the same machine is another program, but the same site.
  const site = headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || (site === 'none' && !isWrite)
    ? undefined
    : 'Another page must not ask here.';
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

/** The value of a cookie; the first of that name counts. */
export function cookieOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  for (const pair of (headers.cookie ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}
