import { describe, expect, it } from 'vitest';
import { registryUser, startFakeRegistry, type FakeRegistryOptions } from '../../../test/support/registry.ts';
import { CommandError } from '../../../command-line/terminal.ts';
import { Registry } from './registry.ts';

const { signal } = new AbortController();

describe('a registry', () => {
  const ways: readonly FakeRegistryOptions[] = [
    { authentication: 'none' },
    { authentication: 'basic' },
    { authentication: 'token' },
  ];
  it.each(ways)('tells the digest of a tag, asked in its own way ($authentication)', async (options) => {
    await using server = await startFakeRegistry(options);
    const digest = server.push('jtel/acd-web', '3.43.2');
    const registry = new Registry({ endpoint: server.endpoint, credentials: registryUser });
    expect(await registry.digest('jtel/acd-web', '3.43.2', signal)).toBe(digest);
    expect(await registry.digest('jtel/acd-web', digest, signal)).toBe(digest);
  });

  it('is not sent the password before it asks for it', async () => {
    await using server = await startFakeRegistry();
    server.push('jtel/acd-web', '1');
    await new Registry({ endpoint: server.endpoint, credentials: registryUser }).digest(
      'jtel/acd-web',
      '1',
      signal,
    );
    expect(server.requests).toEqual(['GET /v2/jtel/acd-web/manifests/1 -']);
  });

  it('without the image is told apart from one that refuses', async () => {
    await using open = await startFakeRegistry();
    await expect(new Registry(open).digest('jtel/acd-web', '9', signal)).rejects.toThrow(
      'image jtel/acd-web:9 is not in registry',
    );
    await using closed = await startFakeRegistry({ authentication: 'basic' });
    await expect(new Registry(closed).digest('jtel/acd-web', '9', signal)).rejects.toThrow('--registry-user');
    const wrong = new Registry({
      endpoint: closed.endpoint,
      credentials: { username: 'builder', password: 'wrong-canary' },
    });
    const refused: unknown = await wrong.digest('jtel/acd-web', '9', signal).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CommandError);
    expect(String(refused)).toContain('refuses the credentials');
    expect(String(refused)).not.toContain('wrong-canary');
  });

  it('that wants the password sent elsewhere without TLS does not get it', async () => {
    await using elsewhere = await startFakeRegistry();
    await using server = await startFakeRegistry({
      authentication: 'token',
      realm: `${elsewhere.endpoint}/token`,
    });
    const registry = new Registry({ endpoint: server.endpoint, credentials: registryUser });
    await expect(registry.digest('jtel/acd-web', '1', signal)).rejects.toThrow('without TLS: refused');
    expect(elsewhere.requests).toEqual([]);
  });

  it('that claims another digest than the manifest has is not believed', async () => {
    await using server = await startFakeRegistry({ claimedDigest: `sha256:${'0'.repeat(64)}` });
    server.push('jtel/acd-web', '1');
    await expect(new Registry(server).digest('jtel/acd-web', '1', signal)).rejects.toThrow(
      'but it is sha256:',
    );
  });

  it('that nobody runs is named with the reason', async () => {
    const server = await startFakeRegistry();
    await server[Symbol.asyncDispose]();
    await expect(new Registry(server).digest('jtel/acd-web', '1', signal)).rejects.toThrow(
      `cannot reach registry ${server.endpoint}: ECONNREFUSED`,
    );
  });
});
