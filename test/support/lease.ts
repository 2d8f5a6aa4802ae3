/** Lets operators of a test share a Lease in the test's own namespace, with the rights of `deploy/access`. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { repositoryDirectory } from '../../kit/paths.ts';

/** The Role and RoleBinding for the Lease, from `deploy/access`, moved to the namespace of a test. */
export async function leaderElectionIn(namespace: string): Promise<readonly unknown[]> {
  const text = await readFile(join(repositoryDirectory, 'deploy/access/leader-election.yaml'), 'utf8');
  return parseAllDocuments(text).map((document) => {
    const object = document.toJS() as { metadata: object };
    return { ...object, metadata: { ...object.metadata, namespace } };
  });
}
