/** What the roles of the chart allow, and which test compares each of them with what a program did by the audit log. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { rightName } from '../../doctor/judge/rights.ts';
import { repositoryDirectory } from '../../kit/paths.ts';

interface Role {
  readonly kind: string;
  readonly rules?: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

/** In the words of RBAC, as `ControlPlane.rightsUsed` has them: without names of single objects. @param texts YAML */
function rightsIn(texts: readonly string[]): ReadonlySet<string> {
  return new Set(
    texts
      .flatMap((text) => parseAllDocuments(text))
      .map((document) => document.toJS() as Role)
      .filter(({ kind }) => kind.endsWith('Role'))
      .flatMap(({ rules = [] }) => rules)
      .flatMap(({ apiGroups, resources, verbs }) =>
        apiGroups.flatMap((group) =>
          resources.flatMap((resource) => verbs.map((verb) => rightName({ verb, group, resource }))),
        ),
      ),
  );
}

/** @param files of `deploy/access` */
export async function rightsGranted(...files: readonly string[]): Promise<ReadonlySet<string>> {
  return rightsIn(
    await Promise.all(
      files.map((file) => readFile(join(repositoryDirectory, 'deploy/access', file), 'utf8')),
    ),
  );
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
    notCompared:
      'No test starts the page with these rights only and asks it for a stack; operator/web/cluster-gate.test.ts answers its reviews itself.',
    onlyWith: { 'web.enabled': 'not compared', scope: 'a binding, no rule' },
  },
  'access/backup-signing.yaml': {
    notCompared:
      'Create and get Secrets, in the words of access/stacks.yaml: the comparison does not tell namespaces apart. Without either no backup is signed, and every end-to-end test of a backup fails.',
  },
  'access/users.yaml': {
    notCompared:
      'For people: what they may ask for is decided, not observed (test/integration/deploy/access.test.ts).',
  },
};
