/**
 * The signature of a manifest. It is the manifest's last field, and signs all bytes before its own line. So one blob commits a
 * backup and its signature together, any tool can cut the signed bytes off, and readers of 1.1 ignore it. Whoever may write to
 * the store can write a manifest, but not one that counts: which keys count is never read from the store.
 */
import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

const signatureMethod = 'Ed25519';
/** The end of the signed bytes: their last line feed, and what the signature's own line begins with. */
const lineOfSignature = '\n  "signature": ';
const endOfManifest = '\n}\n';
/** The whole rest of a signed manifest. Nothing else may stand there, because nobody signed it. */
const rest =
  /^\n {2}"signature": \{"method":"Ed25519","keyID":"([0-9a-f]{32})","value":"([A-Za-z0-9+/]{86}==)"\}\n\}\n$/;
const restBytes = 256;
/** An Ed25519 public key in DER, in base64: what a PEM file of it has in its one line. */
const publicKeyPattern = /^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=$/;

/** Of one key: what it signs with, and what others check with. */
export interface Signer {
  readonly keyID: string;
  /** See {@link isPublicKey}. */
  readonly publicKey: string;
  /** @returns the bytes of the signature */
  sign(bytes: Uint8Array): Buffer;
}

/** What the signature of a manifest says about it. */
export type Seal =
  | { readonly is: 'Signed' | 'UnknownKey'; readonly keyID: string }
  /** As in formats 1.0 and 1.1. */
  | { readonly is: 'Unsigned' }
  /** It does not fit the bytes, or is none. */
  | { readonly is: 'Wrong' };

/** Whether the text is the base64 of an Ed25519 public key in DER: the form in the API, on paper, and inside PEM. */
export function isPublicKey(text: string): boolean {
  return publicKeyPattern.test(text);
}

/** The first half of the SHA-256 of the key's DER, in hexadecimal. */
export function keyIDOf(publicKey: string): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex').slice(0, 32);
}

/** The file that lies in the store beside the backups, and that openssl takes. */
export function publicKeyPEM(publicKey: string): string {
  return `-----BEGIN PUBLIC KEY-----\n${publicKey}\n-----END PUBLIC KEY-----\n`;
}

/** @param privateKey as PEM @throws {TypeError} when it is no Ed25519 private key */
export function signerFrom(privateKey: string): Signer {
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey(privateKey);
  } catch {
    // The parser's own message does not help, and could quote the key.
  }
  if (key?.asymmetricKeyType !== 'ed25519') throw new TypeError('not the PEM of an Ed25519 private key');
  const own = key;
  const publicKey = createPublicKey(own).export({ type: 'spki', format: 'der' }).toString('base64');
  return { keyID: keyIDOf(publicKey), publicKey, sign: (bytes) => sign(undefined, bytes, own) };
}

/** @param text of `manifestText`. The same text and key give the same signature. @throws {TypeError} for other text */
export function signedText(text: string, { keyID, sign: signs }: Signer): string {
  if (!text.endsWith(endOfManifest) || text.includes(lineOfSignature))
    throw new TypeError('signedText: not the text of an unsigned manifest');
  const signed = `${text.slice(0, -endOfManifest.length)},\n`;
  const value = signs(Buffer.from(signed)).toString('base64');
  return `${signed.slice(0, -1)}${lineOfSignature}${JSON.stringify({ method: signatureMethod, keyID, value })}${endOfManifest}`;
}

/**
 * What the signature of these bytes proves.
 * @param trusted public keys that count, see {@link isPublicKey}
 */
export function sealOf(bytes: Buffer, trusted: readonly string[]): Seal {
  const at = bytes.indexOf(lineOfSignature);
  if (at < 0) return { is: 'Unsigned' };
  const tail = bytes.subarray(at);
  const [, keyID = '', value = ''] =
    (tail.length > restBytes ? undefined : rest.exec(tail.toString('latin1'))) ?? [];
  if (keyID === '') return { is: 'Wrong' };
  const known = trusted.find((one) => keyIDOf(one) === keyID);
  if (known === undefined) return { is: 'UnknownKey', keyID };
  const key = createPublicKey({ key: Buffer.from(known, 'base64'), format: 'der', type: 'spki' });
  const signed = bytes.subarray(0, at + 1);
  return verify(undefined, signed, key, Buffer.from(value, 'base64'))
    ? { is: 'Signed', keyID }
    : { is: 'Wrong' };
}
