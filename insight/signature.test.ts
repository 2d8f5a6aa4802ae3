import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { namedKeys } from '../backup-format/named-keys.ts';
import { signerFrom, type Signer } from '../backup-format/signature.ts';
import type { JtelBackupStatus, JtelBackupStore } from '../crds/index.ts';
import { signatureOf, signatureOfSeal, signatureProblem } from './signature.ts';

const [earlier, inUse, added, stranger] = [aSigner(), aSigner(), aSigner(), aSigner()] as const;

function aSigner(): Signer {
  return signerFrom(
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  );
}

function aStore(revokedKeyIDs: readonly string[] = []): Pick<JtelBackupStore, 'spec' | 'status'> {
  const spec = { trustedKeys: [added.publicKey, inUse.publicKey], revokedKeyIDs };
  return { spec: spec as unknown as JtelBackupStore['spec'], status: { signingKeys: [earlier, inUse] } };
}

const signedBy = ({ keyID }: Signer): { readonly status: JtelBackupStatus } => ({
  status: { phase: 'Completed', manifestDigest: 'd', signingKeyID: keyID },
});

it('names each key of a store once, with its use, and which are revoked', () => {
  const { spec, status } = aStore([added.keyID, stranger.keyID]);
  expect(namedKeys({ ...spec, ...status })).toMatchObject([
    { keyID: earlier.keyID, use: 'Earlier', isRevoked: false },
    { keyID: inUse.keyID, use: 'InUse', isRevoked: false },
    { keyID: added.keyID, use: 'Added', isRevoked: true },
  ]);
  expect(namedKeys({ trustedKeys: ['no key'] })).toEqual([]);
});

it.each([
  { signer: earlier, is: 'Trusted' },
  { signer: inUse, is: 'Trusted' },
  { signer: added, is: 'Trusted' },
  { signer: stranger, is: 'Untrusted' },
])('a signature counts if the store names the key ($is)', ({ signer, is }) => {
  expect(signatureOf(signedBy(signer), aStore())).toEqual({ is, keyID: signer.keyID });
});

it.each([inUse, added, stranger])(
  'what a revoked key signed does not count, whoever names the key',
  (signer) => {
    const signature = signatureOf(signedBy(signer), aStore([signer.keyID]));
    expect(signature).toEqual({ is: 'Revoked', keyID: signer.keyID });
    expect(signatureOfSeal({ is: 'UnknownKey', keyID: signer.keyID }, [signer.keyID])).toEqual(signature);
  },
);

it('nobody knows what a store trusts that is not seen', () => {
  const signature = signatureOf(signedBy(inUse), undefined);
  expect(signature).toEqual({ is: 'Unknown', keyID: inUse.keyID });
  expect(signatureProblem(signature!)).toBeUndefined();
});

it('a backup is unsigned only once it is stored', () => {
  expect(signatureOf({ status: { phase: 'Running' } }, aStore())).toBeUndefined();
  expect(signatureOf({ status: { phase: 'Failed' } }, aStore())).toBeUndefined();
  expect(signatureOf({}, aStore())).toBeUndefined();
  // As an operator before 0.2 left it.
  for (const status of [{ phase: 'Completed' }, { phase: 'Verifying', manifestDigest: 'd' }] as const)
    expect(signatureOf({ status }, undefined)).toEqual({ is: 'Unsigned' });
});

it('a manifest says the same of itself, and nothing if its signature does not fit', () => {
  expect(signatureOfSeal({ is: 'Signed', keyID: 'k' }, undefined)).toEqual({ is: 'Trusted', keyID: 'k' });
  expect(signatureOfSeal({ is: 'UnknownKey', keyID: 'k' }, [])).toEqual({ is: 'Untrusted', keyID: 'k' });
  expect(signatureOfSeal({ is: 'Unsigned' }, [])).toEqual({ is: 'Unsigned' });
  expect(signatureOfSeal({ is: 'Wrong' }, [])).toBeUndefined();
});
