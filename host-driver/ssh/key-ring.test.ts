import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { TaskLimitError } from '../../base/threads/task-limit-error.ts';
import { tasksHere, type TaskOptions, type TaskRunner } from '../../base/threads/task-runner.ts';
import { sshKey } from '../../test/support/ssh-key.ts';
import { KeyRing } from './key-ring.ts';
import { keyTasks, openKey, type KeyTasks } from './key-tasks.ts';

const { signal } = new AbortController();
const endpoint = { address: '192.0.2.1', port: 22, user: 'jtel', hostKeyFingerprints: [] };

const encrypted = (...words: readonly string[]): string =>
  sshKey('ed25519', '-N', 'secret', '-a', '1', ...words);

/** Counts what a thread is asked for. */
function counting(): TaskRunner<KeyTasks> & { readonly asked: () => number; readonly all: TaskOptions[] } {
  const all: TaskOptions[] = [];
  const here = tasksHere(keyTasks);
  return {
    asked: () => all.length,
    all,
    run: (...task) => (all.push(task[2]), here.run(...task)),
  };
}

function publicHalf(text: string, passphrase?: string): string {
  const key = ssh2.utils.parseKey(text, passphrase);
  if (key instanceof Error) throw key;
  return key.getPublicSSH().toString('base64');
}

describe('an opened key', { timeout: 30_000 }, () => {
  it.each([
    ['ed25519', ['-N', 'secret', '-a', '1']],
    ['rsa', ['-N', 'secret', '-a', '1', '-b', '2048']],
    ['ecdsa', ['-N', 'secret', '-a', '1']],
    ['ecdsa', ['-N', 'secret', '-m', 'PEM']],
    ['rsa', ['-N', 'secret', '-b', '2048', '-m', 'PEM']],
    ['ed25519', ['-N', '']],
    ['ecdsa', ['-N', '', '-b', '521']],
  ])('of kind %s (%j) is the same key without its passphrase', async (type, words) => {
    const text = sshKey(type, ...words);
    const opened = await new KeyRing().open({ ...endpoint, privateKey: text, passphrase: 'secret' }, signal);
    expect(opened.passphrase).toBeUndefined();
    expect(publicHalf(opened.privateKey)).toBe(publicHalf(text, 'secret'));
    const key = ssh2.utils.parseKey(opened.privateKey);
    if (key instanceof Error) throw key;
    const data = Buffer.from('what is signed');
    expect(key.verify(data, key.sign(data))).toBe(true);
  });

  it('is opened once, however often it is used', async () => {
    const tasks = counting();
    const ring = new KeyRing(tasks);
    const privateKey = encrypted();
    for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.1'])
      await ring.open({ ...endpoint, address, privateKey, passphrase: 'secret' }, signal);
    expect(tasks.asked()).toBe(1);
    await ring.open({ ...endpoint, privateKey: encrypted(), passphrase: 'secret' }, signal);
    expect(tasks.asked()).toBe(2);
  });

  it('is opened in its namespace’s turn, whatever its host is called', async () => {
    const tasks = counting();
    const ring = new KeyRing(tasks);
    const mine = { ...endpoint, passphrase: 'secret', namespace: 'customers' };
    for (const address of ['192.0.2.1', '192.0.2.2'])
      await ring.open({ ...mine, address, privateKey: encrypted() }, signal);
    expect(tasks.all.map(({ owner }) => owner)).toEqual(['customers', 'customers']);
  });

  it('that takes the place of another one soon counts tenfold, and as any other one later', async () => {
    const tasks = counting();
    let seconds = 0;
    const ring = new KeyRing(tasks, () => seconds * 1000);
    const mine = { ...endpoint, passphrase: 'secret', namespace: 'customers' };
    const privateKey = encrypted();
    const open = async (changes: object): Promise<void> =>
      void (await ring.open(
        { ...mine, privateKey: `${privateKey}${' '.repeat(tasks.asked())}`, ...changes },
        signal,
      ));
    for (const at of [0, 10, 3000, 6601, 6602]) {
      seconds = at;
      await open({});
    }
    for (const other of [{ address: '192.0.2.2' }, { namespace: 'others' }]) await open(other);
    expect(tasks.all.map(({ weight }) => weight)).toEqual([1, 10, 10, 1, 10, 1, 1]);
  });

  it('that is asked for again because its turn did not come counts no more for that', async () => {
    const all: TaskOptions[] = [];
    const ring = new KeyRing({
      run: (...task) => (all.push(task[2]), Promise.reject(new Error('too late'))),
    });
    const [first, other] = [encrypted(), encrypted()];
    for (const privateKey of [first, first, other, other]) {
      const opening = ring.open({ ...endpoint, privateKey, passphrase: 'secret' }, signal);
      await expect(opening).rejects.toThrow('too late');
    }
    expect(all.map(({ weight }) => weight)).toEqual([1, 1, 10, 10]);
  });

  it('that has no passphrase needs no thread', async () => {
    const tasks = counting();
    await new KeyRing(tasks).open({ ...endpoint, privateKey: sshKey('ed25519', '-N', '') }, signal);
    expect(tasks.asked()).toBe(0);
  });

  it('that cannot be opened is not tried twice, and the error repeats nothing of it', async () => {
    const tasks = counting();
    const ring = new KeyRing(tasks);
    const wrong = { ...endpoint, privateKey: encrypted(), passphrase: 'a wrong one' };
    for (const _ of [1, 2]) {
      const opening = ring.open(wrong, signal);
      await expect(opening).rejects.toMatchObject({ reason: 'AuthenticationFailed' });
      await expect(opening).rejects.toThrow(/cannot be read \(.*bad passphrase.*check ssh-privatekey/);
      await expect(opening).rejects.not.toThrow('a wrong one');
    }
    expect(tasks.asked()).toBe(1);
  });

  it('that takes too long is told with the limit', async () => {
    const run = () => Promise.reject(new TaskLimitError({ kind: 'Time', seconds: 10 }, undefined));
    const opening = new KeyRing({ run }).open(
      { ...endpoint, privateKey: encrypted(), passphrase: 'x' },
      signal,
    );
    await expect(opening).rejects.toMatchObject({ reason: 'AuthenticationFailed' });
    await expect(opening).rejects.toThrow('opening it takes more than 10 s');
  });

  it.each([
    ['no key', 'no key at all', 'Unsupported key format'],
    [
      'a key of an unknown curve',
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
        .privateKey.export({ type: 'sec1', format: 'pem' })
        .toString(),
      'Unsupported',
    ],
    [
      'a public key',
      'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHNlcnZlcnNlcnZlcnNlcnZlcnNlcnZlcnNlcnZl',
      'public key',
    ],
  ])('is told what is wrong with %s', async (_, privateKey, message) => {
    expect(await openKey({ privateKey })).toEqual({ problem: expect.stringContaining(message) });
  });

  it('is refused when signing with it would take long', async () => {
    // The numbers need not fit together: nobody signs with them.
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const jwk = privateKey.export({ format: 'jwk' });
    const long = Buffer.concat([Buffer.from([128]), Buffer.alloc(1023), Buffer.from([1])]).toString(
      'base64url',
    );
    const key = createPrivateKey({ key: { ...jwk, n: long }, format: 'jwk' });
    const text = key.export({ type: 'pkcs1', format: 'pem' }).toString();
    expect(await openKey({ privateKey: text })).toEqual({
      problem: 'it has 8200 bits, and at most 8192 are used: make a shorter one',
    });
  });
});
