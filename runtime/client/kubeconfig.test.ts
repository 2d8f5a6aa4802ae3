import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { KubeConnection } from './connection.ts';
import { contextNames, defaultKubeconfigFiles, kubeconfigAccess } from './kubeconfig.ts';

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

  it('comes from the current context, files relative to the kubeconfig', async () => {
    const file = write('config', {
      'current-context': 'here',
      contexts: [{ name: 'here', context: { cluster: 'c', user: 'u', namespace: 'customer' } }],
      clusters: [
        { name: 'c', cluster: { server: 'https://api.example:6443/', 'certificate-authority': 'ca.crt' } },
      ],
      users: [
        {
          name: 'u',
          user: {
            'client-certificate': 'certs/me.crt',
            'client-key': '/etc/key.pem',
            tokenFile: 'token',
            exec: { command: './login', args: ['./as-it-is'] },
          },
        },
      ],
    });
    expect(kubeconfigAccess([file])).toEqual({
      namespace: 'customer',
      cluster: { server: 'https://api.example:6443/', 'certificate-authority': join(directory, 'ca.crt') },
      user: {
        'client-certificate': join(directory, 'certs/me.crt'),
        'client-key': '/etc/key.pem',
        tokenFile: join(directory, 'token'),
        exec: { command: join(directory, 'login'), args: ['./as-it-is'] },
      },
    });
    expect(await KubeConnection.load({ files: [file], userAgent: 'test' })).toMatchObject({
      server: 'https://api.example:6443',
      namespace: 'customer',
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
    expect(kubeconfigAccess([file], 'there')).toEqual({
      cluster: { server: 'https://d' },
      user: {},
      namespace: 'far',
    });
    expect(contextNames([file, file])).toEqual(['here', 'there']);
    expect(() => kubeconfigAccess([file], 'nowhere')).toThrow('no context "nowhere"; present: here, there');
  });

  it('takes from several files what each has, the first one first', async () => {
    const first = write('first', {
      'current-context': 'b',
      contexts: [{ name: 'b', context: { cluster: 'c', user: 'u' } }],
      users: [{ name: 'u', user: { token: 'first' } }],
    });
    const second = write('second', {
      'current-context': 'a',
      contexts: [{ name: 'b', context: { cluster: 'lost' } }],
      clusters: [{ name: 'c', cluster: { server: 'https://second' } }],
      users: [{ name: 'u', user: { token: 'second' } }],
    });
    const absent = join(directory, 'absent');
    const files = defaultKubeconfigFiles({ KUBECONFIG: `${absent}:${first}::${second}` });
    expect(files).toEqual([first, second]);
    expect(kubeconfigAccess(files)).toMatchObject({
      cluster: { server: 'https://second' },
      user: { token: 'first' },
    });
    expect((await KubeConnection.load({ files, userAgent: 'test' })).server).toBe('https://second');
    expect(defaultKubeconfigFiles({}).join()).toMatch(/\.kube\/config$/);
  });

  it('says what is missing, and in which file', () => {
    expect(() => kubeconfigAccess([join(directory, 'absent')])).toThrow(
      `kubeconfig ${join(directory, 'absent')} cannot be read: ENOENT`,
    );
    expect(() => kubeconfigAccess([write('empty', '')])).toThrow('no current-context');
    const lost = { 'current-context': 'x', contexts: [{ name: 'y', context: {} }] };
    expect(() => kubeconfigAccess([write('lost', lost)])).toThrow('there is no context "x"; present: y');
    const nowhere = {
      'current-context': 'x',
      contexts: [{ name: 'x', context: { cluster: 'c' } }],
      clusters: [{ name: 'c', cluster: {} }],
    };
    expect(() => kubeconfigAccess([write('nowhere', nowhere)])).toThrow('cluster "c" has no server');
    expect(() => kubeconfigAccess([write('torn', 'a: [')])).toThrow('torn cannot be read');
  });

  it('is not spoilt by entries that nobody chose', async () => {
    const file = write('config', {
      'current-context': 'here',
      contexts: [{ name: 'here', context: { cluster: 'c' } }, { name: 'half' }],
      clusters: [{ name: 'half' }, { name: 'c', cluster: { server: 'https://c' } }],
      users: [{}],
    });
    expect((await KubeConnection.load({ files: [file], userAgent: 'test' })).server).toBe('https://c');
  });
});
