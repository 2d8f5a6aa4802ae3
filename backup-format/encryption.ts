/**
 * Encryption of chunks and index parts with AES-256-GCM: nonce (12 bytes), ciphertext, tag (16). The nonce is
 * derived from the plain bytes. So it repeats only for the same bytes, whoever encrypts them and however
 * often a try is repeated.
 */
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { FormatError } from './schema.ts';

const nonceBytes = 12;
const tagBytes = 16;
/** How much longer an encrypted object is. */
export const encryptionBytes = nonceBytes + tagBytes;

const method = 'aes-256-gcm';

export interface BackupCipher {
  encrypt(plain: Uint8Array): Buffer;
  /** @throws {FormatError} for another key or altered bytes. */
  decrypt(stored: Uint8Array): Buffer;
}

/** @param key 32 bytes. @throws {TypeError} for another length. */
export function backupCipher(key: Uint8Array): BackupCipher {
  if (key.length !== 32) throw new TypeError(`a backup key has 32 bytes, not ${key.length}`);
  const nonceKey = createHmac('sha256', key).update('jtel-backup-1 nonce').digest();
  return {
    encrypt(plain) {
      const nonce = createHmac('sha256', nonceKey).update(plain).digest().subarray(0, nonceBytes);
      const cipher = createCipheriv(method, key, nonce);
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    decrypt(stored) {
      if (stored.length < encryptionBytes) throw new FormatError('an encrypted part is too short');
      const decipher = createDecipheriv(method, key, stored.subarray(0, nonceBytes));
      decipher.setAuthTag(stored.subarray(stored.length - tagBytes));
      const plain = decipher.update(stored.subarray(nonceBytes, stored.length - tagBytes));
      try {
        return Buffer.concat([plain, decipher.final()]);
      } catch {
        throw new FormatError(
          'an encrypted part cannot be decrypted: the key is another one, or the part was altered',
        );
      }
    },
  };
}
