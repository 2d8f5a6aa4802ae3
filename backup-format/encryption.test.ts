import { expect, test } from 'vitest';
import { backupCipher, encryptionBytes } from './encryption.ts';

const cipher = backupCipher(Buffer.alloc(32, 1));
const plain = Buffer.from('the same bytes');

test('what is encrypted comes back, and is longer by what the format says', () => {
  const stored = cipher.encrypt(plain);
  expect(cipher.decrypt(stored).equals(plain)).toBe(true);
  expect(stored.length).toBe(plain.length + encryptionBytes);
  expect(stored.includes(plain)).toBe(false);
});

test('the same bytes are the same when encrypted; others have another nonce', () => {
  expect(cipher.encrypt(plain).equals(cipher.encrypt(plain))).toBe(true);
  expect(
    cipher.encrypt(Buffer.from('other bytes')).subarray(0, 12).equals(cipher.encrypt(plain).subarray(0, 12)),
  ).toBe(false);
});

test('another key, a flipped bit anywhere, and a cut are noticed', () => {
  const stored = cipher.encrypt(plain);
  expect(() => backupCipher(Buffer.alloc(32, 2)).decrypt(stored)).toThrow('the key is another one');
  for (let at = 0; at < stored.length; at++) {
    const flipped = Buffer.from(stored);
    flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
    expect(() => cipher.decrypt(flipped)).toThrow('altered');
  }
  expect(() => cipher.decrypt(stored.subarray(0, 20))).toThrow('too short');
});

test('a key has 32 bytes', () => expect(() => backupCipher(Buffer.alloc(16))).toThrow('32 bytes'));
