import { describe, expect, it } from 'vitest';
import { SecretRegistry } from '../../runtime/report/secret-registry.ts';
import { maskObject, maskText } from './mask.ts';

const secrets = new SecretRegistry();
secrets.register('acme/db', ['correct horse battery']);
const masked = (text: string): string => maskText(text, secrets);

describe('a masked text', () => {
  it.each([
    ['a known value', 'said correct horse battery to it', 'said [redacted] to it'],
    ['a setting', 'DB_PASSWORD=abc', 'DB_PASSWORD=[redacted]'],
    ['a setting in lower case', 'acd.db.password = abc', 'acd.db.password = [redacted]'],
    ['JSON', '{"accountKey":"a b\\"c","x":1}', '{"accountKey":[redacted],"x":1}'],
    ['an argument', 'run --sas-token abc next', 'run --sas-token [redacted] next'],
    [
      'a shared access signature',
      'https://x/c?sv=1&sig=a%2Bb%3D&se=2',
      'https://x/c?sv=1&sig=[redacted]&se=2',
    ],
    ['a connection string', 'AccountName=x;AccountKey=abc==;B=c', 'AccountName=x;AccountKey=[redacted];B=c'],
    ['a header', 'Authorization: Bearer abc.def', 'Authorization: Bearer [redacted]'],
    ['a password in an address', 'http://proxy:abc@host:3128/', 'http://proxy:[redacted]@host:3128/'],
    ['SQL', "CREATE USER a IDENTIFIED BY 'abc'", 'CREATE USER a IDENTIFIED BY [redacted]'],
    [
      'a private key',
      'x -----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY----- y',
      'x [redacted] y',
    ],
    ['a private key that was cut off', '-----BEGIN PRIVATE KEY-----\nabc', '[redacted]'],
  ])('hides %s', (_, text, expected) => expect(masked(text)).toBe(expected));

  it.each([
    'acd-web-1 is unhealthy: HTTP 500',
    'http://host:3128/path',
    'pulled registry.example/jtel/web@sha256:abc',
    'secret acme/ssh: key "ssh-privatekey" is missing',
  ])('leaves "%s" as it is', (text) => expect(masked(text)).toBe(text));
});

describe('a masked object', () => {
  it('hides values by the names of their fields, also of variables', () => {
    expect(
      maskObject(
        {
          password: 'abc',
          sshSecretRef: { name: 'ssh' },
          keptSecrets: ['ssh'],
          env: [
            { name: 'SMTP_PASSWORD', value: 'abc' },
            { name: 'LANGUAGE', value: 'de' },
          ],
          message: 'sig=',
          port: 22,
        },
        secrets,
      ),
    ).toEqual({
      password: '[redacted]',
      sshSecretRef: { name: 'ssh' },
      keptSecrets: ['ssh'],
      env: [
        { name: 'SMTP_PASSWORD', value: '[redacted]' },
        { name: 'LANGUAGE', value: 'de' },
      ],
      message: 'sig=',
      port: 22,
    });
  });
});

it('takes no longer for hostile logs', () => {
  const hostile = [
    'password='.repeat(50_000),
    '://'.repeat(100_000),
    'a-_.'.repeat(200_000),
    '--token '.repeat(50_000),
  ];
  for (const text of hostile) expect(masked(text).length).toBeGreaterThan(0);
}, 5000);
