import { describe, expect, it } from 'vitest';
import { newSigner } from '../test/support/signing.ts';
import { isPublicKey, keyIDOf, publicKeyPEM, sealOf, signedText, signerFrom } from './signature.ts';

const ours = newSigner();
const theirs = newSigner();
const text = `${JSON.stringify({ formatVersion: 1, identity: 'acme.main', encryption: { keyID: 'a' } }, undefined, 2)}\n`;
const signed = signedText(text, ours);
const seal = (manifest: string): string =>
  sealOf(Buffer.from(manifest), [theirs.publicKey, ours.publicKey]).is;

describe('a signed manifest', () => {
  it('counts where its key is trusted, and nowhere else', () => {
    expect(sealOf(Buffer.from(signed), [ours.publicKey])).toEqual({ is: 'Signed', keyID: ours.keyID });
    expect(sealOf(Buffer.from(signed), [theirs.publicKey])).toEqual({ is: 'UnknownKey', keyID: ours.keyID });
    expect(sealOf(Buffer.from(signed), [])).toMatchObject({ is: 'UnknownKey' });
    expect(sealOf(Buffer.from(text), [ours.publicKey])).toEqual({ is: 'Unsigned' });
  });

  it('is the same for readers of format 1.1, and always has the same signature', () => {
    const { signature, ...rest } = JSON.parse(signed) as { signature: { keyID: string } };
    expect(rest).toEqual(JSON.parse(text));
    expect(signature.keyID).toBe(ours.keyID);
    expect(signedText(text, ours)).toBe(signed);
  });

  it.each([
    ['with one byte changed', signed.replace('acme.main', 'acme.mair')],
    ['with a field more', signed.replace('{\n', '{\n  "formatMinor": 9,\n')],
    ['without encryption', signed.replace(/ {2}"encryption": \{[^}]*\},\n/, '')],
    ['with a field behind the signature', signed.replace(/\n\}\n$/, ',\n  "identity": "acme.other"\n}\n')],
    ['with something behind it', `${signed} `],
    ['with a signature that is none', signed.replace(/"value":"[^"]*"/, '"value":""')],
    ['with the signature of another manifest', signed.replace(/"value":"[^"]{4}/, '"value":"AAAA')],
    ['with two signatures', signed.replace(/\n\}\n$/, `,\n${signed.split('\n').at(-3) ?? ''}\n}\n`)],
    ['with the name of another trusted key', signed.replace(ours.keyID, theirs.keyID)],
    ['that is megabytes of signature', `${signed}${'x'.repeat(4_000_000)}`],
  ])('%s is not ours', (_, manifest) => {
    expect(manifest).not.toBe(signed);
    expect(seal(manifest)).toBe('Wrong');
  });
});

describe('a key', () => {
  it('has one form in the API, on paper and in PEM', () => {
    expect(isPublicKey(ours.publicKey)).toBe(true);
    expect(keyIDOf(ours.publicKey)).toBe(ours.keyID);
    expect(publicKeyPEM(ours.publicKey).split('\n')[1]).toBe(ours.publicKey);
    for (const other of [
      '',
      `${ours.publicKey}\n`,
      ours.publicKey.slice(1),
      'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A',
    ])
      expect(isPublicKey(other)).toBe(false);
  });

  it('that is none is refused, without being quoted', () => {
    expect(() => signerFrom('not a key')).toThrow(/^not the PEM of an Ed25519 private key$/);
  });

  it('signs nothing but a manifest', () => {
    expect(() => signedText('hello', ours)).toThrow(TypeError);
    expect(() => signedText(signed, ours)).toThrow(TypeError);
  });
});
