/** The operator's thread as it runs: with the real file, limits and libraries, from the sources. */
import { afterAll, describe, expect, it } from 'vitest';
import { MemoryBlobStore } from '../blob-store/memory.ts';
import { ReleaseSource } from '../controllers/inputs/release-source.ts';
import { KeyRing } from '../host-driver/ssh/key-ring.ts';
import { manifestPath } from '../release/layout.ts';
import { aRelease, aStack, storeRelease } from '../test/support/release-builder.ts';
import { sshKey } from '../test/support/ssh-key.ts';
import { offLoop } from './off-loop.ts';

const { signal } = new AbortController();
const asked = { namespace: 'customers', signal };
const tasks = offLoop();
afterAll(() => tasks.close());
const source = new ReleaseSource({ tasks });
const wanted = { stack: aStack(), project: 'jtel-customers-acme' };

async function storeWith(template: string): Promise<MemoryBlobStore> {
  const store = new MemoryBlobStore(`memory://${template.slice(0, 40)}`);
  await storeRelease(store, aRelease(), new Map([['config/haproxy.cfg.liquid', template]]));
  return store;
}

describe('beside the event loop', { timeout: 180_000 }, () => {
  it('a release is checked and rendered', async () => {
    const loaded = await source.load(await storeWith('{{ stack.name }}'), '3.43.2', asked);
    expect(loaded.release.version).toBe('3.43.2');
    expect([...(await source.texts(loaded, wanted, signal)).values()]).toEqual(['acme', 'acme.jtel.example']);
    expect(tasks.started).toBe(1);
  });

  it('a manifest of another shape is told field by field', async () => {
    const store = await storeWith('x');
    store.blobs.set(manifestPath('3.43.2'), {
      content: Buffer.from('{"formatVersion":1}'),
      contentType: '',
      createdTime: '',
    });
    await expect(source.load(store, '3.43.2', asked)).rejects.toMatchObject({
      reason: 'ReleaseInvalid',
      message: expect.stringContaining('field "components" is missing'),
    });
  });

  it('a template that does not end makes its release invalid and stops nobody else', async () => {
    const loop = '{% assign r = (1..100000) %}{% for a in r %}{% for b in r %}{% endfor %}{% endfor %}';
    const endless = await source.load(await storeWith(loop), '3.43.2', asked);
    const good = await source.load(await storeWith('{{ stack.size }}'), '3.43.2', asked);
    const [stopped, rendered] = await Promise.allSettled([
      source.texts(endless, wanted, signal),
      source.texts(good, { ...wanted, stack: aStack({ namespace: 'others' }) }, signal),
    ]);
    expect(stopped).toMatchObject({
      reason: {
        reason: 'ReleaseInvalid',
        message:
          'release 3.43.2 cannot be rendered: acd-haproxy: template config/haproxy.cfg.liquid takes more than 2 s: make it simpler.',
      },
    });
    expect(rendered).toMatchObject({ status: 'fulfilled' });
  });

  it('an encrypted SSH key is opened', async () => {
    const privateKey = sshKey('ed25519', '-N', 'secret', '-a', '2');
    const endpoint = {
      address: '192.0.2.1',
      port: 22,
      user: 'jtel',
      hostKeyFingerprints: [],
      passphrase: 'secret',
    };
    const opened = await new KeyRing(tasks).open({ ...endpoint, privateKey }, signal);
    expect(opened.privateKey).toContain('PRIVATE KEY');
    expect(opened.privateKey).not.toBe(privateKey);
  });
});
