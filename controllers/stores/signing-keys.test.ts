import { describe, expect, it } from 'vitest';
import { sealOf, signedText } from '../../backup-format/signature.ts';
import { MemoryBlobStore } from '../../blob-store/memory.ts';
import type { JtelBackupStore } from '../../crds/index.ts';
import { ApiError } from '../../runtime/client/api-error.ts';
import { secrets } from '../../runtime/client/kinds.ts';
import { MemoryCluster } from '../../runtime/fake/memory-cluster.ts';
import { SigningKeys, signingSecretName, mostSigningKeys, withKeys } from './signing-keys.ts';
import { catalogOf } from './trust.ts';

const { signal } = new AbortController();
const key = { namespace: 'jtel-system', name: signingSecretName };
const store = aStore({});

function aStore(spec: Partial<JtelBackupStore['spec']>): JtelBackupStore {
  return { metadata: { namespace: 'acme', name: 'customer' }, spec } as JtelBackupStore;
}

describe('the key that signs backups', () => {
  it('is made once, and is the same for every operator after that', async () => {
    const cluster = new MemoryCluster();
    const [one, other] = await Promise.all([
      new SigningKeys(cluster, 'jtel-system').current(store, { signal }),
      new SigningKeys(cluster, 'jtel-system').current(store, { signal }),
    ]);
    expect(one.publicKey).toBe(other.publicKey);
    const text = signedText('{\n  "formatVersion": 1\n}\n', one);
    expect(sealOf(Buffer.from(text), [other.publicKey])).toEqual({ is: 'Signed', keyID: one.keyID });
    expect(await cluster.get(secrets, key, { signal })).toMatchObject({
      type: 'jtel.de/backup-signing',
      immutable: true,
      metadata: { labels: { 'app.kubernetes.io/managed-by': 'jtel-operator' } },
    });
  });

  it('is another one once its Secret was deleted', async () => {
    const cluster = new MemoryCluster();
    const keys = new SigningKeys(cluster, 'jtel-system');
    const first = await keys.current(store, { signal });
    await cluster.delete(secrets, key, {}, { signal });
    expect((await keys.current(store, { signal })).keyID).not.toBe(first.keyID);
  });

  it('is trusted as soon as it was asked for, also before the status of a store has it', async () => {
    const keys = new SigningKeys(new MemoryCluster(), 'jtel-system');
    const opened = { resource: store, blobs: new MemoryBlobStore(), now: () => new Date() };
    const trusted = (): readonly string[] => catalogOf(keys.trustedBy(opened)).trust.keys;
    expect(trusted()).toEqual([]);
    const { publicKey } = await keys.current(store, { signal });
    expect(trusted()).toEqual([publicKey]);
  });

  it('does not sign for a store that revokes it, and is not trusted there; the next one is', async () => {
    const cluster = new MemoryCluster();
    const keys = new SigningKeys(cluster, 'jtel-system');
    const { keyID, publicKey } = await keys.current(store, { signal });
    const revoking = aStore({ trustedKeys: [publicKey], revokedKeyIDs: [keyID] });
    await expect(keys.current(revoking, { signal })).rejects.toMatchObject({
      reason: 'SecretInvalid',
      message: expect.stringMatching(/spec\.revokedKeyIDs of JtelBackupStore acme\/customer.* delete Secret/),
    });
    await cluster.delete(secrets, key, {}, { signal });
    const next = await keys.current(revoking, { signal });
    const opened = { resource: revoking, blobs: new MemoryBlobStore(), now: () => new Date() };
    expect(catalogOf(keys.trustedBy(opened)).trust.keys).toEqual([next.publicKey]);
  });

  it.each([
    [
      'the Role is missing',
      'secrets is forbidden: User "operator" cannot create resource "secrets"',
      /apply the Role jtel-operator-backup-signing/,
    ],
    [
      'a policy denies it',
      "secrets \"jtel-operator-backup-signing\" is forbidden: ValidatingAdmissionPolicy 'jtel-operator-bounds-secrets' with binding 'jtel-operator-bounds-secrets' denied request: no",
      /A policy of the cluster .* the Role for it is there.*jtel-operator-bounds-secrets/,
    ],
  ])('says that %s when it may not be made', async (_, said, message) => {
    class Refusing extends MemoryCluster {
      override create = () => Promise.reject(new ApiError(403, 'Forbidden', said));
    }
    await expect(
      new SigningKeys(new Refusing(), 'jtel-system').current(store, { signal }),
    ).rejects.toMatchObject({
      reason: 'SecretNotFound',
      message: expect.stringMatching(message),
    });
  });

  it.each([
    ['of somebody else', { type: 'Opaque', stringData: { 'ed25519.pem': 'x' } }, /did not make it/],
    ['without a key', { type: 'jtel.de/backup-signing', stringData: {} }, /no Ed25519 private key/],
    [
      'with something else as key',
      { type: 'jtel.de/backup-signing', stringData: { 'ed25519.pem': 'secret words' } },
      /no Ed25519 private key/,
    ],
  ])('is not made over a Secret %s', async (_, content, message) => {
    const cluster = new MemoryCluster();
    const made = await cluster.create(secrets, { metadata: key, ...content }, { signal });
    const asked = new SigningKeys(cluster, 'jtel-system').current(store, { signal });
    await expect(asked).rejects.toMatchObject({
      reason: 'SecretInvalid',
      message: expect.stringMatching(message),
    });
    await expect(asked).rejects.not.toThrow(/secret words/);
    expect(await cluster.get(secrets, key, { signal })).toEqual(made);
  });
});

it('a store keeps the keys that it knows, of too many the newest, and the one in use is the last', () => {
  const keyOf = (number: number) => ({ keyID: `k${number}`, publicKey: `p${number}` });
  expect(withKeys([keyOf(1)], [keyOf(2)])).toEqual([keyOf(1), keyOf(2)]);
  // Somebody put an old Secret back.
  expect(withKeys([keyOf(1), keyOf(2)], [keyOf(1)])).toEqual([keyOf(2), keyOf(1)]);
  const many = Array.from({ length: mostSigningKeys }, (_, index) => keyOf(index));
  expect(withKeys(many, [keyOf(99)]).at(-1)).toEqual(keyOf(99));
  expect(withKeys(many, [keyOf(99)])).toHaveLength(mostSigningKeys);
});
