import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryBlobStore } from '../../blob-store/memory.ts';
import { manifestPath, signaturePath } from '../../release/layout.ts';
import { sha256, signManifest } from '../../release/manifest.ts';
import { aRelease, aStack, haproxyTemplate, storeRelease } from '../../test/support/release-builder.ts';
import { releaseTasks, type ReleaseTasks } from '../../release/tasks.ts';
import { TaskLimitError } from '../../base/threads/task-limit-error.ts';
import { tasksHere, type TaskRunner } from '../../base/threads/task-runner.ts';
import { ReleaseSource } from './release-source.ts';

const { signal } = new AbortController();
const asked = { namespace: 'customers', signal };
const template = 'releases/3.43.2/config/haproxy.cfg.liquid';
let store: MemoryBlobStore;
let manifest: Buffer;
beforeEach(async () => {
  store = new MemoryBlobStore();
  manifest = await storeRelease(store);
});

/** Changes a stored object, which nobody may who can only create: the test needs a damaged one. */
function spoil(name: string, content: string | Buffer): void {
  store.blobs.set(name, { content: Buffer.from(content), contentType: '', createdTime: '' });
}

describe('a release', () => {
  it('is loaded with its templates and the digest of its manifest', async () => {
    const loaded = await new ReleaseSource().load(store, '3.43.2', asked);
    expect(loaded.release.components).toEqual(aRelease().components);
    expect(loaded.templates).toEqual(new Map([['config/haproxy.cfg.liquid', haproxyTemplate]]));
    expect(loaded.digest).toBe(sha256(manifest));
  });

  it('is read once, because it never changes', async () => {
    const source = new ReleaseSource();
    const first = await source.load(store, '3.43.2', asked);
    store.blobs.clear();
    expect(await source.load(store, '3.43.2', asked)).toBe(first);
  });

  it('that was read with one store’s credentials is not given for another’s', async () => {
    const source = new ReleaseSource();
    await source.load(store, '3.43.2', asked);
    await expect(source.load(new MemoryBlobStore('memory://other'), '3.43.2', asked)).rejects.toMatchObject({
      reason: 'ReleaseNotFound',
    });
  });

  it('that could not be read is tried again', async () => {
    const source = new ReleaseSource();
    const content = store.blobs.get(template)?.content ?? '';
    store.blobs.delete(template);
    await expect(source.load(store, '3.43.2', asked)).rejects.toMatchObject({
      reason: 'ReleaseInvalid',
      message: expect.stringContaining('haproxy.cfg.liquid is missing'),
    });
    spoil(template, content);
    expect((await source.load(store, '3.43.2', asked)).release.version).toBe('3.43.2');
  });

  it('that does not exist: the error says which do', async () => {
    const loading = new ReleaseSource().load(store, '3.43.9', asked);
    await expect(loading).rejects.toMatchObject({
      reason: 'ReleaseNotFound',
      message: expect.stringContaining('the store has 3.43.2'),
    });
    await expect(loading).rejects.toThrow('release 3.43.9 in memory://store/container does not exist');
  });
});

describe('a damaged release is refused', () => {
  it.each([
    ['manifest that is not JSON', manifestPath('3.43.2'), 'no json', 'not JSON'],
    ['manifest of another shape', manifestPath('3.43.2'), '{"formatVersion":1}', 'is missing'],
    ['template of another content', template, haproxyTemplate.replace('server', 'serves'), 'sha256 differs'],
    ['template cut short', template, 'x', 'sha256 differs'],
  ])('%s', async (_, name, content, message) => {
    spoil(name, content);
    const loading = new ReleaseSource().load(store, '3.43.2', asked);
    await expect(loading).rejects.toMatchObject({
      reason: 'ReleaseInvalid',
      message: expect.stringContaining(message),
    });
  });

  it('a manifest under another version’s name', async () => {
    spoil(manifestPath('3.43.3'), manifest);
    await expect(new ReleaseSource().load(store, '3.43.3', asked)).rejects.toMatchObject({
      reason: 'ReleaseInvalid',
    });
  });

  it('a manifest bigger than any manifest', async () => {
    spoil(manifestPath('3.43.2'), Buffer.alloc(2 * 1024 * 1024));
    await expect(new ReleaseSource().load(store, '3.43.2', asked)).rejects.toMatchObject({
      reason: 'DigestMismatch',
    });
  });
});

describe('with a public key', () => {
  const vendor = generateKeyPairSync('ed25519');
  const publicKey = vendor.publicKey.export({ type: 'spki', format: 'pem' }).toString();

  it('a signed release is loaded', async () => {
    spoil(signaturePath('3.43.2'), signManifest(manifest, vendor.privateKey));
    expect((await new ReleaseSource({ publicKey }).load(store, '3.43.2', asked)).digest).toBe(
      sha256(manifest),
    );
  });

  it('an unsigned one is refused', async () => {
    await expect(new ReleaseSource({ publicKey }).load(store, '3.43.2', asked)).rejects.toMatchObject({
      reason: 'ReleaseInvalid',
      message: expect.stringContaining('not signed'),
    });
  });

  it.each(['', 'AAAA', 'not base64 at all', Buffer.alloc(64).toString('base64')])(
    'a signature like %j is refused',
    async (signature) => {
      spoil(signaturePath('3.43.2'), signature);
      await expect(new ReleaseSource({ publicKey }).load(store, '3.43.2', asked)).rejects.toMatchObject({
        reason: 'ReleaseInvalid',
      });
    },
  );

  it('somebody else’s signature is refused', async () => {
    spoil(signaturePath('3.43.2'), signManifest(manifest, generateKeyPairSync('ed25519').privateKey));
    await expect(new ReleaseSource({ publicKey }).load(store, '3.43.2', asked)).rejects.toMatchObject({
      reason: 'ReleaseInvalid',
    });
  });

  it('a signature of other bytes is refused', async () => {
    spoil(
      signaturePath('3.43.2'),
      signManifest(Buffer.concat([manifest, Buffer.from(' ')]), vendor.privateKey),
    );
    await expect(new ReleaseSource({ publicKey }).load(store, '3.43.2', asked)).rejects.toMatchObject({
      reason: 'ReleaseInvalid',
    });
  });

  it.each([
    '',
    'no pem',
    generateKeyPairSync('rsa', { modulusLength: 2048 })
      .publicKey.export({ type: 'spki', format: 'pem' })
      .toString(),
  ])('that is no ed25519 key, nothing starts', (pem) => {
    expect(() => new ReleaseSource({ publicKey: pem })).toThrow('ed25519');
  });
});

/** Does tasks here and notes them, and whose they are. */
function noting(): TaskRunner<ReleaseTasks> & { readonly names: string[]; readonly owners: Set<string> } {
  const [names, owners]: [string[], Set<string>] = [[], new Set()];
  const here = tasksHere(releaseTasks);
  return {
    names,
    owners,
    run: (name, input, options) => {
      names.push(name);
      owners.add(options.owner);
      return here.run(name, input, options);
    },
  };
}

describe('the texts of a release', () => {
  const project = 'jtel-customers-acme';
  it('are rendered once for each stack, and again for what changes them', async () => {
    const tasks = noting();
    const source = new ReleaseSource({ tasks });
    const loaded = await source.load(store, '3.43.2', asked);
    const texts = async (fields: Parameters<typeof aStack>[0], component?: string) => [
      ...(
        await source.texts(
          loaded,
          { stack: aStack(fields), project, ...(component && { component }) },
          signal,
        )
      ).values(),
    ];
    for (const _ of [1, 2])
      expect(await texts({})).toEqual([
        'server acd-web-1 acd-web-1:8080\nserver acd-web-2 acd-web-2:8080\n',
        'acme.jtel.example',
      ]);
    expect(tasks.names).toEqual(['checkManifest', 'renderTemplates']);
    expect(await texts({ network: { fqdn: 'other.jtel.example' } })).toContain('other.jtel.example');
    expect(await texts({}, 'acd-haproxy')).toHaveLength(1);
    expect(await texts({}, 'acd-dbm')).toEqual([]);
    expect(tasks.names).toHaveLength(4);
    expect([...tasks.owners], 'takes its turns').toEqual([aStack().namespace]);
  });

  it('of different releases are not confused, though their versions are equal', async () => {
    const source = new ReleaseSource();
    const other = new MemoryBlobStore('memory://other');
    await storeRelease(other, aRelease(), new Map([['config/haproxy.cfg.liquid', 'other']]));
    const [one, two] = [await source.load(store, '3.43.2', asked), await source.load(other, '3.43.2', asked)];
    const first = async (loaded: typeof one) =>
      [...(await source.texts(loaded, { stack: aStack(), project }, signal)).values()][0];
    expect([await first(one), await first(two)]).toEqual([expect.stringContaining('server'), 'other']);
  });

  it('that cannot be rendered are not tried again for the same stack', async () => {
    const tasks = noting();
    const source = new ReleaseSource({ tasks });
    const broken = new MemoryBlobStore('memory://broken');
    await storeRelease(broken, aRelease(), new Map([['config/haproxy.cfg.liquid', '{{ no.such }}']]));
    const loaded = await source.load(broken, '3.43.2', asked);
    for (const _ of [1, 2])
      await expect(source.texts(loaded, { stack: aStack(), project }, signal)).rejects.toThrow(
        'acd-haproxy: template config/haproxy.cfg.liquid cannot be rendered: undefined variable',
      );
    expect(tasks.names).toEqual(['checkManifest', 'renderTemplates']);
  });

  it.each([
    [{ kind: 'Time', seconds: 2 }, 'acd-haproxy: template a takes more than 2 s: make it simpler.'],
    [
      { kind: 'Memory', megabytes: 128 },
      'acd-haproxy: template a takes more than 128 MB of memory: make it simpler.',
    ],
  ] as const)('that reach a limit make the release invalid: %j', async (limit, sentence) => {
    const loaded = await new ReleaseSource().load(store, '3.43.2', asked);
    const run = () => Promise.reject(new TaskLimitError(limit, 'acd-haproxy: template a'));
    const rendering = new ReleaseSource({ tasks: { run } }).texts(
      loaded,
      { stack: aStack(), project },
      signal,
    );
    await expect(rendering).rejects.toMatchObject({
      reason: 'ReleaseInvalid',
      message: `release 3.43.2 cannot be rendered: ${sentence}`,
    });
  });

  it('need a manifest that can be checked in time', async () => {
    const run = () => Promise.reject(new TaskLimitError({ kind: 'Time', seconds: 2 }, undefined));
    await expect(new ReleaseSource({ tasks: { run } }).load(store, '3.43.2', asked)).rejects.toMatchObject({
      reason: 'ReleaseInvalid',
      message:
        'release 3.43.2 in memory://store/container cannot be checked: it takes more than 2 s: make it simpler.',
    });
  });
});

it('releases are kept by bytes: big ones push each other out', async () => {
  const source = new ReleaseSource();
  const names = ['config/a', 'config/b', 'config/c', 'config/d'];
  const components = aRelease().components.map((component) => ({
    ...component,
    ...(component.name === 'acd-web' && {
      files: names.map((name) => ({ template: name, target: `/etc/${name}` })),
    }),
    ...(component.name === 'acd-haproxy' && { files: [] }),
  }));
  const aBigOne = async (index: number) => {
    const one = new MemoryBlobStore(`memory://store-${index}`);
    const templates = new Map(names.map((name) => [name, 'x'.repeat(1_000_000)]));
    await storeRelease(one, aRelease({ components }), templates);
    return one;
  };
  const stores = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7, 8].map(aBigOne));
  for (const one of stores) await source.load(one, '3.43.2', asked);
  for (const one of stores) one.blobs.clear();
  expect((await source.load(stores[2] ?? store, '3.43.2', asked)).release.version).toBe('3.43.2');
  await expect(source.load(stores[0] ?? store, '3.43.2', asked)).rejects.toMatchObject({
    reason: 'ReleaseNotFound',
  });
});

it('templates of more than 4 MiB are refused before one of them is read', async () => {
  const templates = new Map(
    ['a', 'b', 'c', 'd', 'e'].map((name) => [`config/${name}`, 'x'.repeat(1_000_000)]),
  );
  const components = aRelease().components.map(({ files: _files, ...component }) =>
    component.name === 'acd-web'
      ? {
          ...component,
          files: [...templates.keys()].map((path) => ({ template: path, target: `/etc/${path}` })),
        }
      : component,
  );
  const big = new MemoryBlobStore('memory://big');
  await storeRelease(big, aRelease({ components }), templates);
  for (const name of big.blobs.keys()) if (name.includes('/config/')) big.blobs.delete(name);
  await expect(new ReleaseSource().load(big, '3.43.2', asked)).rejects.toMatchObject({
    reason: 'ReleaseInvalid',
    message: expect.stringContaining(
      'has templates of 5000000 bytes: 1048576 each and 4194304 in all are allowed',
    ),
  });
});
