import { describe, expect, it } from 'vitest';
import { askedFor, cookieOf, refusal } from './requests.ts';

describe('the address of a request', () => {
  it.each([
    ['/', { what: 'File', name: 'index.html' }],
    ['/jtel/', { what: 'File', name: 'index.html' }],
    ['/a/b/page-1.js', { what: 'File', name: 'page-1.js' }],
    ['/api/stream', { what: 'Stream' }],
    ['/jtel/api/session', { what: 'Session', cookiePath: '/jtel/api' }],
    ['/api/stacks/acme/main/detail', { what: 'Stack', namespace: 'acme', name: 'main', context: '' }],
    ['/api/stacks/api/session', { what: 'Session', cookiePath: '/api/stacks/api' }],
    ['/api/', { what: 'File', name: 'index.html' }],
    [
      '/x/api/stacks/acme/main/plan?context=a%2Fb',
      { what: 'Plan', namespace: 'acme', name: 'main', context: 'a/b' },
    ],
  ])('%s', (url, asked) => {
    expect(askedFor(url)).toEqual(asked);
  });

  it.each(['api', 'session', 'stream', 'stacks', 'plan', 'detail'])(
    'may have %s as the name of a namespace, a stack or a prefix',
    (name) => {
      const stack = { namespace: name, name, context: '' };
      for (const prefix of ['/', `/${name}/`, `/api/stacks/${name}/`]) {
        expect(askedFor(`${prefix}api/stacks/${name}/${name}/detail`)).toEqual({ what: 'Stack', ...stack });
        expect(askedFor(`${prefix}api/stacks/${name}/${name}/plan`)).toEqual({ what: 'Plan', ...stack });
        expect(askedFor(`${prefix}api/session`)).toEqual({ what: 'Session', cookiePath: `${prefix}api` });
        expect(askedFor(`${prefix}api/stream`)).toEqual({ what: 'Stream' });
        expect(askedFor(prefix)).toEqual({ what: 'File', name: 'index.html' });
      }
    },
  );

  it.each([
    '//evil.example;HttpOnly/api/session',
    '/a\r\nb/api/session',
    'http://evil.example/api/stream',
    '/session',
    '/jtel/stream',
    '/api/stacks/acme/detail',
    '/api/stacks/acme/../main/detail',
    '/api/stacks/acme/%2e%2e/detail',
    '/api/stacks/ACME/main/plan',
    '/stacks/acme/main/plan',
    `/${'a'.repeat(5000)}`,
  ])('leads to nothing: %j', (url) => {
    expect(askedFor(url)).toBeUndefined();
  });
});

describe('what other pages make a browser send', () => {
  const hosts = new Set(['jtel.example']);
  const host = '127.0.0.1:8000';
  const read = { method: 'GET', hosts, isData: true };
  const write = { method: 'POST', hosts, isData: true };

  it.each([
    ['another name for this machine', { ...read, headers: { host: 'evil.example:8000' } }],
    ['another port of a name', { ...read, headers: { host: 'jtel.example:8000' } }],
    ['a name that begins like this machine', { ...read, headers: { host: 'localhost.evil.example:8000' } }],
    ['no name', { ...read, headers: {} }],
    ['another name, for the page itself', { ...read, isData: false, headers: { host: 'evil.example' } }],
    ['another origin', { ...read, headers: { host, origin: 'https://evil.example' } }],
    ['another port of the same machine', { ...read, headers: { host, origin: 'http://127.0.0.1:9000' } }],
    ['the same, without Origin', { ...read, headers: { host, 'sec-fetch-site': 'same-site' } }],
    ['an opaque origin', { ...read, headers: { host, origin: 'null' } }],
    ['a write without an origin', { ...write, headers: { host } }],
    ['a write of another origin', { ...write, headers: { host, origin: 'http://evil.example' } }],
  ])('is refused: %s', (_, visit) => {
    expect(refusal(visit)).toBeDefined();
  });

  it.each([
    ['a program', { ...read, headers: { host } }],
    ['a port that kubectl forwards', { ...read, headers: { host: 'localhost:9000' } }],
    ['the same by number', { ...read, headers: { host: '127.0.0.1' } }],
    ['the same in version 6', { ...read, headers: { host: '[::1]:9000' } }],
    ['a name of its own', { ...read, headers: { host: 'JTEL.example' } }],
    ['the page', { ...read, headers: { host, 'sec-fetch-site': 'same-origin' } }],
    ['the page that signs in', { ...write, headers: { host, origin: `http://${host}` } }],
    ['a link to the page', { ...read, isData: false, headers: { host, 'sec-fetch-site': 'cross-site' } }],
  ])('is answered: %s', (_, visit) => {
    expect(refusal(visit)).toBeUndefined();
  });

  it('has cookies of which the first of a name counts', () => {
    expect(cookieOf({ cookie: 'a=1; who=me; who=you' }, 'who')).toBe('me');
    expect(cookieOf({ cookie: 'xwho=me; who' }, 'who')).toBeUndefined();
    expect(cookieOf({}, 'who')).toBeUndefined();
  });
});
