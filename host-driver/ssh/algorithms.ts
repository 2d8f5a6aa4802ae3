/**
 * What we agree to use on a connection: chosen here, not by a library's defaults. Nothing has SHA-1, CBC mode or
 * compression (which tells the length of secrets). sshd of Debian 12 and 13 and Ubuntu 24.04 has all of these, and so have
 * the hardened configurations that people use: each list has a member of every one of those.
 *
 * The order decides: the first that the other side has is taken.
 */
import type { Algorithms } from 'ssh2';

export const algorithms = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
    'diffie-hellman-group14-sha256',
  ],
  // The fast ones of modern processors first. ChaCha20 is safe with the strict key exchange of both sides only.
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
    'chacha20-poly1305@openssh.com',
  ],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
} satisfies Algorithms;
