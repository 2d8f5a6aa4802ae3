/** Gives operators of a test a Lease of their own. It lies, as all that is the operator's own, where its ServiceAccount does. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { repositoryDirectory } from '../../kit/paths.ts';
import { operatorNamespace } from '../../sandbox/installation/operator.ts';

/** @param test name of the test's namespace */
export function leaseName(test: string): string {
  return `jtel-operator-${test}`;
}

/** For `jtel-operator run`. */
export function leaseArguments(test: string): readonly string[] {
  return ['--lease-namespace', operatorNamespace, '--lease-name', leaseName(test)];
}

/** The Role and RoleBinding for that Lease: those of `deploy/access`, with its name. */
export async function leaderElectionOf(test: string): Promise<readonly unknown[]> {
  const text = await readFile(join(repositoryDirectory, 'deploy/access/leader-election.yaml'), 'utf8');
  const renamed = text
    .replaceAll('name: jtel-operator-leader-election', `name: jtel-operator-leader-election-${test}`)
    .replace('resourceNames: [jtel-operator]', `resourceNames: [${leaseName(test)}]`);
  return parseAllDocuments(renamed).map((document) => document.toJS() as unknown);
}
