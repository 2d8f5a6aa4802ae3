/**
 * Opens private keys. Opening an encrypted one takes as long as its Secret says (`key-cost.ts`), so in the
 * operator a thread does it. What comes back is the same key without its passphrase.
 */
import { createPrivateKey, type JsonWebKey } from 'node:crypto';

export interface LockedKey {
  readonly privateKey: string;
  readonly passphrase?: string | undefined;
}

/** The key as text without a passphrase; or why it cannot be used, in words that repeat nothing of it. */
export type OpenedKey = { readonly privateKey: string } | { readonly problem: string };

/** Signing with longer numbers holds the event loop up: with these, 0.2 s. */
const mostBits = 8192;

const supported = /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521))$/;

/** Loads ssh2. */
export async function openKey({ privateKey, passphrase }: LockedKey): Promise<OpenedKey> {
  const { default: ssh } = await import('ssh2');
  const parsed = ssh.utils.parseKey(privateKey, ...(passphrase === undefined ? [] : [passphrase]));
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key === undefined || key instanceof Error) return { problem: key?.message ?? 'there is no key in it' };
  if (!key.isPrivateKey()) return { problem: 'it is a public key' };
  if (!supported.test(key.type)) return { problem: `keys of kind ${key.type} are not supported` };
  const pem = key.getPrivatePEM();
  const numbersOfKey = numbersIn(pem);
  if (numbersOfKey === undefined) return { problem: 'it is malformed' };
  const { crv, x = '', d = '', ...numbers } = numbersOfKey;
  if (crv === 'Ed25519') return { privateKey: openSSHKey(bytesOf(x), bytesOf(d)) };
  const longest = Math.max(...[d, ...Object.values(numbers)].map((one) => bytesOf(String(one)).length * 8));
  if (longest > mostBits)
    return { problem: `it has ${longest} bits, and at most ${mostBits} are used: make a shorter one` };
  return { privateKey: pem };
}

export const keyTasks = { openKey };

export type KeyTasks = typeof keyTasks;

/** The parser's own message does not help. */
function numbersIn(pem: string): JsonWebKey | undefined {
  try {
    return createPrivateKey(pem).export({ format: 'jwk' });
  } catch {
    return undefined;
  }
}

const bytesOf = (base64: string): Buffer => Buffer.from(base64, 'base64url');

/** ssh2 reads Ed25519 only in OpenSSH's own format (openssh/PROTOCOL.key). */
function openSSHKey(publicHalf: Buffer, privateHalf: Buffer): string {
  const kind = string('ssh-ed25519');
  const check = number(0);
  const key = Buffer.concat([
    check,
    check,
    kind,
    string(publicHalf),
    string(Buffer.concat([privateHalf, publicHalf])),
    string(''),
  ]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, (8 - (key.length % 8)) % 8));
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    string('none'),
    string('none'),
    string(''),
    number(1),
    string(Buffer.concat([kind, string(publicHalf)])),
    string(Buffer.concat([key, padding])),
  ]);
  const lines = whole.toString('base64').match(/.{1,70}/g) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----'].join('\n');
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function string(content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([number(bytes.length), bytes]);
}
