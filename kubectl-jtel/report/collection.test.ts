import { describe, expect, it } from 'vitest';
import { extract } from 'tar-stream';
import { gunzipSync } from 'node:zlib';
import { SecretRegistry } from '../../runtime/report/secret-registry.ts';
import { archiveOf, contents } from './archive.ts';
import { Collection, type CollectionOptions } from './collection.ts';

const { signal: never } = new AbortController();

function aCollection(options: Partial<CollectionOptions> = {}): Collection {
  return new Collection({
    secrets: new SecretRegistry(),
    signal: never,
    progress: () => undefined,
    ...options,
  });
}

describe('a collection', () => {
  it('goes on after a part that cannot be read, and says why, without secrets', async () => {
    const secrets = new SecretRegistry();
    secrets.register('x', ['swordfish']);
    const collection = aCollection({ secrets });
    const failing = collection.part('a.txt', () =>
      Promise.reject(new Error('login with swordfish\nrefused')),
    );
    expect(await failing).toBeUndefined();
    expect(await collection.part('b.txt', () => Promise.resolve(7))).toBe(7);
    expect(collection.missing).toEqual([{ path: 'a.txt', reason: 'login with [redacted] refused' }]);
  });

  it('waits for no part longer than it may take', async () => {
    const collection = aCollection({ limits: { partSeconds: 0.05 } });
    await collection.part(
      'slow',
      (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    expect(collection.missing).toEqual([{ path: 'slow', reason: 'no answer within 0.05 s' }]);
  });

  it('asks nobody once its time is over', async () => {
    const collection = aCollection({ limits: { wholeSeconds: 0 } });
    await collection.part('late', () => expect.fail('asked'));
    expect(collection.missing).toEqual([{ path: 'late', reason: 'no time was left after 0 s' }]);
  });

  it('ends when the caller does', async () => {
    const stop = new AbortController();
    const collection = aCollection({ signal: stop.signal });
    const part = collection.part('a', async () => {
      stop.abort(new Error('Ctrl-C'));
      throw new Error('torn');
    });
    await expect(part).rejects.toThrow('torn');
    await expect(collection.part('b', () => Promise.resolve())).rejects.toThrow('Ctrl-C');
  });

  it('keeps the end of a long text, from a whole line on, and no more than fits', () => {
    const collection = aCollection({ limits: { fileBytes: 20, wholeBytes: 50 } });
    collection.keepText('long.txt', 'first line\nsecond line\nlast line\n');
    collection.keepText('short.txt', 'short\n');
    expect(collection.entries).toEqual([
      { path: 'long.txt', text: 'last line\n', isCut: true },
      { path: 'short.txt', text: 'short\n', isCut: false },
    ]);
    for (const path of ['a', 'b', 'c']) collection.keepText(path, 'x'.repeat(16));
    expect(collection.missing.map(({ path }) => path)).toEqual(['c']);
  });
});

describe('an archive', () => {
  it('begins with the list of what is in it and what is not', async () => {
    const collection = aCollection();
    await collection.keepObject('objects/one.yaml', { password: 'abc', size: 'Small' });
    await collection.part('log.txt', () => Promise.reject(new Error('forbidden')));
    const now = new Date('2026-03-01T03:00:00Z');
    const files = new Map<string, string>();
    const reader = extract();
    reader.end(gunzipSync(await archiveOf('report', ['Report of acme'], collection, now)));
    for await (const entry of reader) {
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      files.set(entry.header.name, Buffer.concat(chunks).toString());
      expect(entry.header).toMatchObject({ mode: 0o600, mtime: now });
    }
    expect([...files.keys()]).toEqual(['report/CONTENTS.txt', 'report/objects/one.yaml']);
    expect(files.get('report/CONTENTS.txt')).toBe(
      `${['Report of acme', '', ...contents(collection)].join('\n')}\n`,
    );
    expect(contents(collection)).toEqual([
      'In it:',
      '  objects/one.yaml  35 B',
      '',
      'Not in it:',
      '  log.txt: forbidden',
    ]);
    expect(files.get('report/objects/one.yaml')).toBe('password: "[redacted]"\nsize: Small\n');
  });
});
