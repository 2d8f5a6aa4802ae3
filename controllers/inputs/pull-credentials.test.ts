import { describe, expect, it } from 'vitest';
import type { JtelStack } from '../../crds/index.ts';
import type { RegistryLogin } from '../../host-driver/registry-login.ts';
import { secrets } from '../../runtime/client/kinds.ts';
import { MemoryCluster } from '../../runtime/fake/memory-cluster.ts';
import { readPullCredentials } from './pull-credentials.ts';
import { aStack } from '../stack/testing.ts';
import { optional } from '../../base/optional.ts';

const signal = new AbortController().signal;
const login = { username: 'u', password: 'canary-password' };

async function read(config: unknown, registry = 'registry.example'): Promise<readonly RegistryLogin[]> {
  const cluster = new MemoryCluster();
  const stack: JtelStack = aStack({ imagePullSecretRef: { name: 'pull' } });
  const { namespace } = stack.metadata;
  const text = typeof config === 'string' ? config : JSON.stringify(config);
  await cluster.create(
    secrets,
    {
      metadata: { name: 'pull', ...optional({ namespace }) },
      stringData: { '.dockerconfigjson': text },
    },
    { signal },
  );
  return readPullCredentials(cluster, stack, registry, { signal });
}

describe('logins of a registry', () => {
  it.each([
    'registry.example',
    'https://registry.example/v2/',
    'https://registry.example',
    '*.example',
    'registry.example/jtel',
  ])('under the key %j', async (registry) => {
    expect(await read({ auths: { [registry]: login } })).toEqual([{ registry, ...login }]);
  });

  it.each([
    ['user and password', login],
    ['auth', { auth: Buffer.from('u:canary-password').toString('base64') }],
    [
      'auth without padding',
      { auth: Buffer.from('u:canary-password').toString('base64').replaceAll('=', '') },
    ],
    ['both', { username: 'x', password: 'y', auth: Buffer.from('u:canary-password').toString('base64') }],
    ['an empty auth', { ...login, auth: '' }],
  ])('as %s', async (_, entry) => {
    expect(await read({ auths: { 'registry.example': entry } })).toEqual([
      { registry: 'registry.example', ...login },
    ]);
  });

  it('of Docker Hub under the name that docker login writes', async () => {
    expect(await read({ auths: { 'https://index.docker.io/v1/': login } }, 'docker.io')).toHaveLength(1);
  });

  it('with a colon in the password', async () => {
    const auth = Buffer.from('u:a:b').toString('base64');
    expect(await read({ auths: { 'registry.example': { auth } } })).toEqual([
      { registry: 'registry.example', username: 'u', password: 'a:b' },
    ]);
  });

  it('that the Secret does not have are asked for, with the names that it has', async () => {
    await expect(read({ auths: { 'https://other.example/v2/': login } })).rejects.toMatchObject({
      reason: 'SecretInvalid',
      message: expect.stringContaining(
        'no credentials for registry registry.example (it has some for other.example)',
      ),
    });
  });

  it.each([
    {},
    { auth: 'canary-password' },
    { username: 'u' },
    { username: 1, password: 2 },
    null,
    'canary-password',
  ])('that are not whole are told: %j', async (entry) => {
    const failure = await read({ auths: { 'https://registry.example/v1/': entry } }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({
      reason: 'SecretInvalid',
      message: expect.stringContaining('lacks user or password'),
    });
    expect(String(failure)).not.toContain('canary-password');
  });

  it.each(['canary-password', '[]', 'null', '3', '{"auths":[]}', '{"auths":3}', '{"credsStore":"desktop"}'])(
    'in %s are refused without repeating it',
    async (text) => {
      const failure = await read(text).catch((error: unknown) => error);
      expect(failure).toMatchObject({ reason: 'SecretInvalid' });
      expect(String(failure)).not.toContain('canary-password');
    },
  );
});
