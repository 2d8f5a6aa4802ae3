import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { KubeConnection } from './connection.ts';
import { defaultKubeconfigFiles, kubeconfigAccess, serviceAccountAccess } from './kubeconfig.ts';
import { loginOf } from './login.ts';

describe('access to a cluster', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function write(name: string, content: unknown): string {
    const file = join(directory, name);
    writeFileSync(file, typeof content === 'string' ? content : stringify(content));
    return file;
  }

  /** A kubeconfig of one cluster and one user. */
  function kubeconfig(cluster: object, user: object = {}, context: object = {}): string {
    return write('config', {
      'current-context': 'here',
      contexts: [{ name: 'here', context: { cluster: 'c', user: 'u', ...context } }],
      clusters: [{ name: 'c', cluster: { server: 'https://api.example:6443/', ...cluster } }],
      users: [{ name: 'u', user }],
    });
  }

  const inBase64 = (text: string): string => Buffer.from(text).toString('base64');

  it('comes from the current context, files relative to the kubeconfig', () => {
    const file = kubeconfig(
      {
        'certificate-authority': 'ca.crt',
        'tls-server-name': 'kubernetes',
        'proxy-url': 'http://proxy:3128',
      },
      { 'client-certificate-data': inBase64('CERT'), 'client-key': '/etc/key.pem' },
      { namespace: 'customer' },
    );
    expect(kubeconfigAccess([file])).toEqual({
      server: 'https://api.example:6443',
      serverTrust: 'Verify',
      namespace: 'customer',
      serverName: 'kubernetes',
      proxyURL: 'http://proxy:3128',
      certificateAuthority: { file: join(directory, 'ca.crt') },
      clientCertificate: { text: 'CERT' },
      clientKey: { file: '/etc/key.pem' },
    });
  });

  it('can be that of another context than the current one', () => {
    const file = write('two', {
      'current-context': 'here',
      contexts: [
        { name: 'here', context: { cluster: 'c' } },
        { name: 'there', context: { cluster: 'd', namespace: 'far' } },
      ],
      clusters: [
        { name: 'c', cluster: { server: 'https://c' } },
        { name: 'd', cluster: { server: 'https://d' } },
      ],
    });
    expect(kubeconfigAccess([file], 'there')).toMatchObject({ server: 'https://d', namespace: 'far' });
    expect(() => kubeconfigAccess([file], 'nowhere')).toThrow('no context "nowhere"; present: here, there');
  });

  it('takes from several files what each has, the first one first', () => {
    const first = write('first', {
      'current-context': 'b',
      contexts: [{ name: 'b', context: { cluster: 'c' } }],
    });
    const second = write('second', {
      'current-context': 'a',
      clusters: [{ name: 'c', cluster: { server: 'https://second' } }],
    });
    expect(kubeconfigAccess([first, second]).server).toBe('https://second');
    expect(defaultKubeconfigFiles({ KUBECONFIG: `${first}:${second}:${join(directory, 'absent')}` })).toEqual(
      [first, second],
    );
    expect(defaultKubeconfigFiles({}).join()).toMatch(/\.kube\/config$/);
  });

  it('says what is missing, and in which file', () => {
    expect(() => kubeconfigAccess([join(directory, 'absent')])).toThrow(
      `kubeconfig ${join(directory, 'absent')} cannot be read: ENOENT`,
    );
    expect(() => kubeconfigAccess([write('empty', '')])).toThrow('no current-context');
    expect(() =>
      kubeconfigAccess([write('lost', { 'current-context': 'x', contexts: [{ name: 'y', context: {} }] })]),
    ).toThrow('there is no context "x"; present: y');
    expect(() => kubeconfigAccess([write('torn', 'a: [')])).toThrow('torn cannot be read');
  });

  it('refuses a proxy it cannot speak to', () => {
    expect(() => KubeConnection.load(kubeconfig({ 'proxy-url': 'socks5://proxy:1080' }))).toThrow(
      'use an http or https proxy',
    );
  });

  it('is that of the service account inside a pod', async () => {
    const account = join(directory, 'account');
    mkdirSync(account);
    writeFileSync(join(account, 'token'), 'pod-token\n');
    writeFileSync(join(account, 'ca.crt'), 'CA');
    writeFileSync(join(account, 'namespace'), 'jtel-system\n');
    const access = serviceAccountAccess(
      { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' },
      account,
    );
    expect(access).toMatchObject({
      server: 'https://[fd00::1]:443',
      namespace: 'jtel-system',
      serverTrust: 'Verify',
    });
    if (access === undefined) throw new Error('no access');
    expect(await loginOf(access)()).toEqual({
      headers: { authorization: 'Bearer pod-token' },
      tls: { ca: 'CA', cert: undefined, key: undefined },
    });
    expect(serviceAccountAccess({}, account)).toBeUndefined();
    expect(serviceAccountAccess({ KUBERNETES_SERVICE_HOST: 'x' }, directory)).toBeUndefined();
  });

  it.each([
    ['a token', { token: 'abc' }, { authorization: 'Bearer abc' }],
    [
      'name and password',
      { username: 'u', password: 'p' },
      { authorization: `Basic ${Buffer.from('u:p').toString('base64')}` },
    ],
    [
      'a token of somebody who acts for another',
      { token: 'abc', as: 'admin' },
      { authorization: 'Bearer abc', 'impersonate-user': 'admin' },
    ],
  ])('logs in with %s', async (_, user, headers) => {
    expect((await loginOf(kubeconfigAccess([kubeconfig({}, user)]))()).headers).toEqual(headers);
  });

  it('logs in with what a program says, as client-node runs it', async () => {
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'from-a-program' },
    };
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'echo',
      args: [JSON.stringify(credential)],
      interactiveMode: 'Never',
    };
    const login = loginOf(
      kubeconfigAccess([kubeconfig({ 'certificate-authority-data': inBase64('CA') }, { exec })]),
    );
    expect(await login()).toMatchObject({
      headers: { Authorization: 'Bearer from-a-program' },
      tls: { ca: 'CA' },
    });
  });
});
