/** The operator of tests as a signer of backups, and catalogues that trust it. */
import { generateKeyPairSync } from 'node:crypto';
import { signerFrom, type Signer } from '../../backup-format/signature.ts';
import type { BlobStore } from '../../blob-store/blob-store.ts';
import type { Catalog, Trust } from '../../controllers/stores/trust.ts';

export function newSigner(): Signer {
  return signerFrom(
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  );
}

/** All stored backups of tests are signed with it. */
export const testSigner = newSigner();

/** Trusts {@link testSigner}, at a time when all backups of tests are of the past. */
export function trusting(blobs: BlobStore, changes: Partial<Trust> = {}): Catalog {
  return {
    blobs,
    trust: {
      store: 'JtelBackupStore acme/customer',
      keys: [testSigner.publicKey],
      encrypts: false,
      now: () => new Date('2026-12-31T00:00:00Z'),
      ...changes,
    },
  };
}
