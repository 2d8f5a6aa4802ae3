/** A sandbox's passwords and keys: made once, kept in its directory (0700, files 0600), removed by `down`. */
import { createPublicKey, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { makePrivateDirectory } from '../kit/paths.ts';

export interface SandboxSecrets {
  readonly registryPassword: string;
  /** Base64, as Azure's account keys are. */
  readonly blobKeys: Readonly<Record<BlobAccount, string>>;
  /** OpenSSH format. */
  readonly sshPrivateKey: string;
  /** One line, as in `authorized_keys`. */
  readonly sshPublicKey: string;
  /** The vendor signs releases with it; PEM of an ed25519 private key. */
  readonly releaseSigningKey: string;
}

export const blobAccounts = ['vendor', 'customer'] as const;
export type BlobAccount = (typeof blobAccounts)[number];

export function secretFiles(directory: string): {
  secrets: string;
  privateKey: string;
  releaseSigningKey: string;
  releaseKey: string;
  registryUsers: string;
  blobAccounts: string;
} {
  return {
    secrets: join(directory, 'secrets.json'),
    privateKey: join(directory, 'ssh', 'id_ed25519'),
    releaseSigningKey: join(directory, 'release-signing-key.pem'),
    releaseKey: join(directory, 'release-key.pem'),
    registryUsers: join(directory, 'registry-users'),
    blobAccounts: join(directory, 'blob-accounts'),
  };
}

/** Reads the secrets of a sandbox; undefined if it has none yet. */
export async function readSecrets(directory: string): Promise<SandboxSecrets | undefined> {
  const text = await readFile(secretFiles(directory).secrets, 'utf8').catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    },
  );
  return text === undefined ? undefined : (JSON.parse(text) as SandboxSecrets);
}

/** Reads or makes the secrets of a sandbox, and the files that its containers and people use. */
export async function ensureSecrets(directory: string): Promise<SandboxSecrets> {
  await makePrivateDirectory(directory);
  // A sandbox of an earlier version may lack some.
  const secrets = { ...newSecrets(), ...(await readSecrets(directory)) };
  const files = secretFiles(directory);
  await makePrivateDirectory(join(directory, 'ssh'));
  const accounts = blobAccounts.map((account) => `${account}:${secrets.blobKeys[account]}`).join(';');
  await writePrivate(files.privateKey, secrets.sshPrivateKey);
  await writePrivate(`${files.privateKey}.pub`, `${secrets.sshPublicKey}\n`);
  await writePrivate(files.releaseSigningKey, secrets.releaseSigningKey);
  const releaseKey = createPublicKey(secrets.releaseSigningKey).export({ type: 'spki', format: 'pem' });
  await writePrivate(files.releaseKey, releaseKey.toString());
  await writePrivate(files.registryUsers, `${registryUser}:${secrets.registryPassword}\n`);
  await writePrivate(files.blobAccounts, accounts);
  await writePrivate(files.secrets, `${JSON.stringify(secrets, undefined, 2)}\n`);
  return secrets;
}

export const registryUser = 'sandbox';

/**
 * Writes a file that only its owner may read, completely or not at all. If nothing changed, a mounted file
 * keeps its inode.
 */
export async function writePrivate(path: string, content: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => undefined)) === content) return;
  const temporary = `${path}.${randomUUID()}.tmp`;
  await writeFile(temporary, content, { mode: 0o600 });
  await rename(temporary, path);
}

/** Length of an ed25519 public key in SSH's wire format: two lengths, the name `ssh-ed25519`, 32 bytes. */
const ed25519BlobBytes = 4 + 11 + 4 + 32;

/**
 * ssh2 1.17 drops the first byte of the public key if it is 0: OpenSSH refuses one key in 256 with "error in
 * libcrypto" [measured: 8 of 1200]. Such a key is discarded.
 */
export function newKeyPair(generate = ssh2.utils.generateKeyPairSync): { private: string; public: string } {
  for (;;) {
    const pair = generate('ed25519', { comment: 'jtel-sandbox' });
    const blob = Buffer.from(pair.public.split(' ')[1] ?? '', 'base64');
    if (blob.length === ed25519BlobBytes) return pair;
  }
}

function newSecrets(): SandboxSecrets {
  const pair = newKeyPair();
  return {
    registryPassword: randomBytes(18).toString('base64url'),
    blobKeys: { vendor: randomBytes(64).toString('base64'), customer: randomBytes(64).toString('base64') },
    sshPrivateKey: pair.private,
    sshPublicKey: pair.public,
    releaseSigningKey: generateKeyPairSync('ed25519')
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString(),
  };
}
