/**
 * A published manifest as bytes. Equal content always has the same bytes, so digest and signature do not
 * depend on its spelling.
 */
import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import type { Release } from './generated/release.ts';

/** A manifest is small. Anything bigger is something else. */
export const maximumManifestBytes = 1024 * 1024;
export const maximumTemplateBytes = 1024 * 1024;

export function manifestBytes(release: Release): Buffer {
  return Buffer.from(canonicalJSON(release));
}

/** JSON with sorted keys, indented, with a line feed at its end. */
export function canonicalJSON(value: unknown): string {
  return `${JSON.stringify(sorted(value), null, 2)}\n`;
}

/** `sha256` in lower-case hex. */
export function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** @returns what `release.json.sig` holds. */
export function signManifest(bytes: Buffer, privateKey: KeyObject): string {
  if (privateKey.asymmetricKeyType !== 'ed25519')
    throw new TypeError('the signing key must be an ed25519 private key');
  return `${sign(null, bytes, privateKey).toString('base64')}\n`;
}

export function isSignedBy(bytes: Buffer, signature: string, publicKey: KeyObject): boolean {
  return verify(null, bytes, publicKey, Buffer.from(signature.trim(), 'base64'));
}

/** @throws {TypeError} when the PEM is not an ed25519 public key. */
export function ed25519PublicKey(pem: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = createPublicKey(pem);
  } catch {
    // The parser's own message does not help.
  }
  if (key?.asymmetricKeyType !== 'ed25519') throw new TypeError('not the PEM of an ed25519 public key');
  return key;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, child]) => [key, sorted(child)]),
  );
}
