import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { sshKey } from '../../test/support/ssh-key.ts';
import { mostRounds, roundsOf } from './key-cost.ts';

const keyOf = (...options: readonly string[]): string => sshKey('ed25519', '-C', 'x'.repeat(200), ...options);

const number = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** @param saltLength what its length claims to be */
function encryptedKey(salt: Buffer, rounds: number, saltLength = salt.length): string {
  const string = (bytes: Buffer, length = bytes.length) => Buffer.concat([number(length), bytes]);
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    string(Buffer.from('aes256-ctr')),
    string(Buffer.from('bcrypt')),
    string(Buffer.concat([string(salt, saltLength), number(rounds)])),
  ]);
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

describe('what it costs to open a key', () => {
  it('is read from keys that OpenSSH made', () => {
    expect(roundsOf(keyOf('-N', 'secret', '-a', '5'))).toBe(5);
    expect(roundsOf(keyOf('-N', 'secret'))).toBeLessThanOrEqual(mostRounds);
    expect(roundsOf(keyOf('-N', ''))).toBe(0);
  });

  it.each([
    ['no key', ''],
    [
      'a key of another format',
      generateKeyPairSync('ec', { namedCurve: 'P-256' })
        .privateKey.export({ type: 'sec1', format: 'pem' })
        .toString(),
    ],
    [
      'a key that was cut off',
      '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHI=\n-----END OPENSSH PRIVATE KEY-----\n',
    ],
    ['what is no base 64', `-----BEGIN OPENSSH PRIVATE KEY-----\n${'='.repeat(3000)}-----END`],
  ])('is nothing for %s', (_what, key) => expect(roundsOf(key)).toBe(0));

  it.each([
    ['plain', encryptedKey(Buffer.alloc(16), 1_000_000)],
    ['behind a long salt', encryptedKey(Buffer.alloc(100_000), 1_000_000)],
    ['with characters that are skipped', encryptedKey(Buffer.alloc(16), 1_000_000).replace('b3Bl', 'b3#Bl')],
  ])('is found %s', (_what, key) => expect(roundsOf(key)).toBe(1_000_000));

  it('counts as too much when it is not there', () =>
    expect(roundsOf(encryptedKey(Buffer.alloc(16), 1, 2 ** 32 - 1))).toBe(Number.POSITIVE_INFINITY));
});
