/**
 * Keys of encryption at rest, known by their digests. MariaDB's own tools prepare files with wrong keys and say "completed
 * OK!"; then the server starts on tables that nobody can read. So a backup names its keys, and a load begins only with those.
 */

import { createHash } from 'node:crypto';
import type { DatabaseKey, Manifest } from '../../backup-format/manifest.ts';
import type { Release } from '../../release/generated/release.ts';
import type { CallOptions, Cluster } from '../../runtime/client/cluster.ts';
import { isNotFound } from '../../runtime/client/api-error.ts';
import { credentialsName } from '../inputs/credential-secret.ts';
import { InputError } from '../inputs/input-error.ts';

/** The keys in a key file of file_key_management, `1;<hex>` in each line; none if the file itself is encrypted. */
export function keysOf(content: string): readonly DatabaseKey[] {
  return content.split('\n').flatMap((line) => {
    const [, id, key] = /^\s*(\d{1,10})\s*;\s*([0-9a-f]{32,64})\s*$/i.exec(line) ?? [];
    if (id === undefined || key === undefined) return [];
    return [{ id: Number(id), sha256: digestOf(Number(id), key.toLowerCase()) }];
  });
}

/** A key is random, so its digest gives nothing away. */
function digestOf(id: number, key: string): string {
  return createHash('sha256').update(`jtel database key ${id} ${key}`).digest('hex');
}

/** @throws {InputError} DatabaseKeysMissing unless the stack's Secret has the keys that the backup's files need. */
export async function requireDatabaseKeys(
  cluster: Cluster,
  { namespace, stackName }: { readonly namespace: string; readonly stackName: string },
  release: Release,
  { backupID, server }: Pick<Manifest, 'backupID' | 'server'>,
  options: CallOptions,
): Promise<void> {
  const needed = server?.keys ?? [];
  if (needed.length === 0) return;
  const entry = release.database.physical?.keys?.secret;
  if (entry === undefined)
    throw new InputError(
      'DatabaseKeysMissing',
      `The database of backup ${backupID} is encrypted at rest, and release ${release.version} does not say which of its secrets holds the keys (database.physical.keys).`,
    );
  const name = credentialsName(stackName);
  const content = await entryOf(cluster, namespace, name, entry, options);
  const present = new Set(keysOf(content).map(({ id, sha256 }) => `${id} ${sha256}`));
  const missing = needed.filter(({ id, sha256 }) => !present.has(`${id} ${sha256}`)).map(({ id }) => id);
  if (missing.length === 0) return;
  throw new InputError(
    'DatabaseKeysMissing',
    `The database of backup ${backupID} is encrypted at rest, and entry ${entry} of Secret ${name} does not hold its keys (number ${missing.join(', ')}). Put the keys of the stack that made the backup there.`,
  );
}

async function entryOf(
  cluster: Cluster,
  namespace: string,
  name: string,
  entry: string,
  options: CallOptions,
): Promise<string> {
  try {
    return (await cluster.getSecret(namespace, name, options)).find(entry) ?? '';
  } catch (error) {
    if (isNotFound(error)) return '';
    throw error;
  }
}
