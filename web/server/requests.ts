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
  const place = segments.lastIndexOf('api');
  if (place < 0)
    return { what: 'File', name: segments.at(-1) === '' ? 'index.html' : (segments.at(-1) ?? '') };
  const [kind, namespace = '', name = '', part, ...others] = segments.slice(place + 1);
  const isAlone = segments.length === place + 2;
  if (kind === 'session' && isAlone)
    return { what: 'Session', cookiePath: `/${segments.slice(0, place + 1).join('/')}` };
  if (kind === 'stream' && isAlone) return { what: 'Stream' };
  if (kind !== 'stacks' || others.length > 0 || (part !== undefined && part !== 'plan')) return undefined;
  if (!objectName.test(namespace) || !objectName.test(name)) return undefined;
  const context = new URLSearchParams(query).get('context') ?? '';
  return { what: part === 'plan' ? 'Plan' : 'Stack', namespace, name, context };
}

export interface Visit {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** Names that the page is reached by, with their ports where they have one. */
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
  if (!hosts.has(host.toLowerCase())) return 'This server does not answer to that name.';
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
