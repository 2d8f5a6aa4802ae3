import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { proxyFile } from '../docker/job-proxy.ts';
import { setupDigest } from './digest.ts';
import { daemonMembers, proxyVariables } from './docker-settings.ts';
import { hostScript } from './script.ts';

describe("members of Docker's settings", () => {
  it('are JSON on one line', () => {
    expect(daemonMembers({ addressPools: [{ base: '10.211.0.0/16', size: 24 }] })).toBe(
      '"default-address-pools":[{"base":"10.211.0.0/16","size":24}]',
    );
    expect(daemonMembers({})).toBe('');
  });

  it.each([
    ['', {}],
    ['{}', {}],
    [' {"live-restore": false}', {}],
    ['{"a": 1, "live-restore":false}', { a: 1 }],
    ['{ "live-restore" : false, "a": [1] }', { a: [1] }],
    ['{"a": 1,\n\t"live-restore": false,\n\t"b": {"c": "d"}\n}\n', { a: 1, b: { c: 'd' } }],
  ])('are put into %j, which stays JSON', (settings, others) => {
    const functions = fileURLToPath(new URL('setup-docker.sh', import.meta.url));
    const script = '. "$0"; with_members "$1"';
    const made = execFileSync('sh', ['-c', script, functions, '"live-restore": true'], {
      input: settings,
    }).toString();
    expect(JSON.parse(made)).toEqual({ 'live-restore': true, ...others });
  });

  it.each(['10.0.0.0', '10.0.0.0/33', '10.0.0.0/8"', 'fd00::/8', "10.0.0.0/8'; reboot"])(
    'are refused when %s is to be a network',
    (bridgeAddress) => {
      expect(() => daemonMembers({ bridgeAddress })).toThrow('refused');
    },
  );
});

describe('the variables of a proxy', () => {
  const credentials = { username: 'a b', password: "x'y\n$(reboot)", version: '1' };

  it('carry credentials that no shell takes for anything else', () => {
    expect(proxyVariables({ http: 'http://p:3128', noProxy: [], credentials }).split('\n')[0]).toBe(
      "HTTP_PROXY='http://a%20b:x%27y%0A%24(reboot)@p:3128'",
    );
  });

  it.each(["http://p'", 'http://u:p@host', 'socks5://p', 'p:3128', 'http://p:3128/path', '-x'])(
    'are refused for %s',
    (http) => {
      expect(() => proxyVariables({ http, noProxy: [] })).toThrow('refused');
      expect(() => hostScript({ mode: 'Managed', proxy: { http, noProxy: [] } })).toThrow('refused');
    },
  );

  it("are not for what cannot be a name ('a b')", () => {
    expect(() => proxyVariables({ http: 'http://p', noProxy: ["a'b"] })).toThrow('refused');
  });

  it('change the digest of the set-up when the Secret changed, and the password itself plays no part', () => {
    const digest = (change: object) =>
      setupDigest({
        mode: 'Managed',
        proxy: { http: 'http://p', noProxy: [], credentials: { ...credentials, ...change } },
      });
    expect(digest({ password: 'other' })).toBe(digest({}));
    expect(digest({ version: '2' })).not.toBe(digest({}));
  });
});

describe('the file with the proxy of a job', () => {
  const content = (said: string) => JSON.parse(proxyFile(said)?.content ?? 'null') as unknown;

  it('is made of what the host says, small letters or large, the first of each', () => {
    expect(content('http_proxy=http://a:1\nHTTP_PROXY=http://b\nNO_PROXY=x\nPATH=/bin\n')).toEqual({
      HTTP_PROXY: 'http://a:1',
      NO_PROXY: 'x',
    });
  });

  it.each([
    '',
    'NO_PROXY=x',
    'HTTP_PROXY=',
    'HTTP_PROXY=file:///etc/passwd',
    `HTTP_PROXY=http://${'x'.repeat(5000)}`,
    'HTTP_PROXY=http://a\u0007',
  ])('is not there for %j', (said) => {
    expect(proxyFile(said)).toBeUndefined();
  });
});
