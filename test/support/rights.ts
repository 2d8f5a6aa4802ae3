/** What the roles of the chart allow, and which test compares each of them with what a program did by the audit log. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { rightName } from '../../doctor/judge/rights.ts';
import { repositoryDirectory } from '../../kit/paths.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** In the words of RBAC, as `ControlPlane.rightsUsed` has them: without names of single objects. */
export function rightsOf(rules: readonly Rule[]): ReadonlySet<string> {
  return new Set(
    rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => rightName({ verb, group, resource }))),
      ),
    ),
  );
}

/** @param files of `deploy/access` */
export async function rightsGranted(...files: readonly string[]): Promise<ReadonlySet<string>> {
  const rules = await Promise.all(files.map((file) => rulesIn('deploy/access', file)));
  return rightsOf(rules.flat());
}

/** What the roles of one file allow. @param folder in a template of the chart, lines with settings are left out; no rule has any */
export async function rulesIn(folder: string, file: string): Promise<readonly Rule[]> {
  const text = await readFile(join(repositoryDirectory, folder, file), 'utf8');
  return parseAllDocuments(text.replaceAll(/^.*\{\{.*$/gm, ''))
    .map((document) => document.toJS() as { readonly kind: string; readonly rules?: readonly Rule[] })
    .filter(({ kind }) => kind.endsWith('Role'))
    .flatMap(({ rules = [] }) => rules);
}

export interface Comparison {
  /** The test that compares the roles with the audit log. */
  readonly comparedIn?: string;
  /** Why nothing compares them. */
  readonly notCompared?: string;
  /** Rules that the chart has only with a setting, and what becomes of them in that test. */
  readonly onlyWith?: Readonly<Record<string, string>>;
}

/** Each template of the chart that has a role. */
export const comparisons: Readonly<Record<string, Comparison>> = {
  'access/stacks.yaml': {
    comparedIn: 'test/rights/operator.test.ts',
    onlyWith: {
      'backupSchedules.cronJobs':
        'not compared: the operator of the end-to-end tests makes no CronJobs. Get is its look; it applies, for which the API server asks for create and patch, and the log has patch only.',
    },
  },
  'access/leader-election.yaml': { comparedIn: 'test/rights/operator.test.ts' },
  'access/backup-schedule.yaml': { comparedIn: 'test/integration/schedule/cron-job.test.ts' },
  'access/web.yaml': {
    comparedIn: 'test/integration/deploy/web.test.ts',
    onlyWith: { 'web.enabled': 'the page is served there', scope: 'a binding, no rule' },
  },
  'access/backup-signing.yaml': {
    notCompared:
      'Create and get Secrets, in the words of access/stacks.yaml: the comparison does not tell namespaces apart. Without either no backup is signed, and every end-to-end test of a backup fails.',
  },
  'cluster-wide/access.yaml': {
    notCompared:
      'The end-to-end tests have no channel and no drill, and the controllers of test/integration/channels have all rights. List and watch fill the caches, get and patch of the status are each look (controllers/channel/reconcile.ts, controllers/drill/reconcile.ts); patch of a drill is its finalizer.',
    onlyWith: { scope: 'the whole file' },
  },
  'access/users.yaml': {
    notCompared:
      'For people: what they may ask for is decided, not observed (test/integration/deploy/access.test.ts).',
  },
};
