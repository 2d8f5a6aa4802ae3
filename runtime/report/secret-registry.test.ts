import { createHash } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { Needles } from './needles.ts';
import { SecretRegistry } from './secret-registry.ts';

const privateKey =
  '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ\nAAAEBvbmUgbW9yZSBsaW5lIG9mIGtleQAAAEB\n-----END OPENSSH PRIVATE KEY-----\n';

function registryOf(...values: string[]): SecretRegistry {
  const registry = new SecretRegistry();
  registry.register('default/login', values);
  return registry;
}

/** How many pieces of texts are taken, of which each is compared or looked up once. */
function slices(work: () => void): number {
  const spy = vi.spyOn(String.prototype, 'slice');
  try {
    work();
    return spy.mock.calls.length;
  } finally {
    spy.mockRestore();
  }
}

describe('known secrets', () => {
  it('are masked wherever they stand', () => {
    expect(registryOf('s3cret-value').redact('a=s3cret-value, b=s3cret-value')).toBe(
      'a=[redacted], b=[redacted]',
    );
  });

  it.each([
    ['as JSON', (value: string) => JSON.stringify({ value })],
    ['in a URL', (value: string) => `https://u:${encodeURIComponent(value)}@host/`],
    ['in base64', (value: string) => Buffer.from(value).toString('base64')],
  ])('are masked %s', (_, shape) => {
    const value = 'pass"word\\with&odd=signs';
    const text = registryOf(value).redact(shape(value));
    expect(text).toContain('[redacted]');
    expect(text).not.toContain(shape(value).slice(10, -10));
  });

  it('are masked line by line, as a private key is printed', () => {
    const text = registryOf(privateKey).redact(
      'ssh: bad line "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ" in key',
    );
    expect(text).toBe('ssh: bad line "[redacted]" in key');
  });

  it('are found inside a registry configuration', () => {
    const config = JSON.stringify({
      auths: { 'registry.local': { username: 'robot', password: 'registry-pass' } },
    });
    expect(registryOf(config).redact('login with registry-pass refused')).toBe(
      'login with [redacted] refused',
    );
  });

  it('leave short words alone', () => {
    expect(registryOf('jtel').redact('user jtel')).toBe('user jtel');
  });

  it('are still masked for one rotation', () => {
    const registry = registryOf('old-password');
    registry.register('default/login', ['new-password']);
    registry.register('default/login', ['new-password']);
    expect(registry.redact('old-password new-password')).toBe('[redacted] [redacted]');
  });

  it('mask the longer value first', () => {
    expect(registryOf('secret', 'secret-and-more').redact('secret-and-more')).toBe('[redacted]');
  });

  it('that overlap or touch are masked as one', () => {
    const registry = registryOf('abcdefgh', 'efghijkl', 'mnopqrst');
    expect(registry.redact('<abcdefghijkl><mnopqrstmnopqrst>')).toBe('<[redacted]><[redacted]>');
  });

  it('are masked for who may read them, and for others only if they are our own', () => {
    const registry = new SecretRegistry({ ownNamespace: 'jtel-system' });
    registry.register('acme/db', ['acme-password']);
    registry.register('other/db', ['other-password', 'shared-password']);
    registry.register('acme/registry', ['shared-password']);
    registry.register('jtel-system/releases', ['vendor-token']);
    const text = 'acme-password other-password shared-password vendor-token';
    expect(registry.redact(text, 'acme')).toBe('[redacted] other-password [redacted] [redacted]');
    expect(registry.redact(text)).toBe('[redacted] [redacted] [redacted] [redacted]');
  });

  it('are forgotten a day after the last read', () => {
    let now = 0;
    const registry = new SecretRegistry({ now: () => now });
    registry.register('acme/db', ['acme-password']);
    registry.register('other/db', ['other-password']);
    now = 23 * 3_600_000;
    registry.register('acme/db', ['acme-password']);
    now = 25 * 3_600_000;
    registry.register('acme/registry', ['registry-password']);
    expect(registry.redact('acme-password other-password registry-password')).toBe(
      '[redacted] other-password [redacted]',
    );
  });

  it('of one namespace push out only its own', () => {
    const registry = new SecretRegistry();
    registry.register('acme/db', ['acme-password']);
    registry.register('other/db', ['other-password']);
    for (let secret = 0; secret < 40; secret += 1)
      registry.register(`other/${secret}`, [String(secret).padStart(100_000, 'x')]);
    expect(registry.redact('acme-password other-password')).toBe('[redacted] other-password');
    expect(registry.redact('39'.padStart(100_000, 'x'))).toBe('[redacted]');
  });

  const digest = (index: number, bytes: BufferEncoding) =>
    createHash('sha256')
      .update(String(index))
      .digest(bytes as 'hex');

  it.each([
    ['begin and end', (index: number) => `-----BEGIN KEY-----${digest(index, 'base64')}-----END KEY-----`],
    [
      'begin',
      (index: number) => `sv=2026-01-01&st=2026-11-29T00%3A00%3A00Z&spr=https&sig=${digest(index, 'base64')}`,
    ],
    [
      'end',
      (index: number) =>
        `sig=${digest(index, 'base64')}&sv=2026-01-01&st=2026-11-29T00%3A00%3A00Z&spr=https&sr=c`,
    ],
    ['are in hex', (index: number) => digest(index, 'hex')],
  ])('that %s alike are all found', (_what, secretOf) => {
    const secrets = Array.from({ length: 1000 }, (_, index) => secretOf(index));
    const registry = new SecretRegistry();
    for (const [index, secret] of secrets.entries()) registry.register(`customer-${index}/store`, [secret]);
    for (const secret of secrets) expect(registry.redact(`a ${secret} b`)).toBe('a [redacted] b');
  });

  it('that repeat themselves, in a text that does, are masked without comparing for ever', () => {
    const registry = registryOf('x'.repeat(20_000), 'hunter2-password');
    expect(registry.redact(`a ${'x'.repeat(100_000)} hunter2-password b`)).toBe('[redacted]');
    expect(registry.redact('a hunter2-password b')).toBe('a [redacted] b');
  });

  it('are masked beside a file that is longer than anything is remembered', () => {
    const file = Array.from({ length: 40_000 }, (_, index) => `${digest(index, 'base64')}\n`).join('');
    expect(registryOf(file, 'hunter2-password').redact('with hunter2-password')).toBe('with [redacted]');
  });

  it('cost as much to learn and to look for, however many there are', () => {
    const registry = new SecretRegistry();
    const learn = (from: number, to: number): void => {
      for (let stack = from; stack < to; stack += 1)
        registry.register(
          `customer-${stack}/main-credentials`,
          Array.from({ length: 5 }, (_, index) =>
            createHash('sha256').update(`${stack} ${index}`).digest('hex'),
          ),
        );
    };
    const line = JSON.stringify({
      message: 'action started',
      object: 'customer-7/main',
      action: 'ApplyRelease',
    });
    const few = slices(() => learn(0, 100));
    const lookedFor = slices(() => registry.redact(line, 'customer-7'));
    learn(100, 600);
    expect(slices(() => learn(600, 700))).toBeLessThan(few * 1.2);
    // Some places of the line look like the beginning of one more.
    expect(slices(() => registry.redact(line, 'customer-7'))).toBeLessThan(lookedFor + line.length / 4);
  });

  it('are found as a plain search finds them, in any text', () => {
    let state = 7;
    const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const word = (length: number) =>
      Array.from({ length }, () => 'ab"\\é%'[Math.floor(random() * 6)]).join('');
    const needles = new Needles();
    const words = Array.from({ length: 200 }, () => word(6 + Math.floor(random() * 6)));
    for (const one of words) needles.add(one);
    const gone = words.splice(0, 50);
    for (const one of gone) if (!words.includes(one)) needles.delete(one);
    for (let round = 0; round < 200; round += 1) {
      const text = word(60);
      const covered = new Set<number>();
      for (const one of words)
        for (let at = text.indexOf(one); at >= 0; at = text.indexOf(one, at + 1))
          for (let index = at; index < at + one.length; index += 1) covered.add(index);
      const found = needles.find(text, () => true);
      const spans = found.flatMap(({ start, end }) =>
        Array.from({ length: end - start }, (_, index) => start + index),
      );
      expect(new Set(spans)).toEqual(covered);
    }
  });
});
