import { describe, expect, it } from 'vitest';
import { SecretRegistry } from './secret-registry.ts';

const privateKey =
  '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ\nAAAEBvbmUgbW9yZSBsaW5lIG9mIGtleQAAAEB\n-----END OPENSSH PRIVATE KEY-----\n';

function registryOf(...values: string[]): SecretRegistry {
  const registry = new SecretRegistry();
  registry.register('default/login', values);
  return registry;
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
});
