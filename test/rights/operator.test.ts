/**
 * The operator's rights against what it did: the audit log of the API server that the end-to-end tests used, so this runs after them
 * (`test/run/steps.ts`). A right that nothing uses only serves whoever breaks in.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { operatorName } from '../../crds/index.ts';
import { rightName } from '../../doctor/judge/rights.ts';
import { repositoryDirectory } from '../../kit/paths.ts';
import { Sandbox } from '../../sandbox/index.ts';

const user = 'system:serviceaccount:jtel-system:jtel-operator';

/** Rights that end-to-end tests need not use, each with the place where it is used. */
const usedElsewhere: Readonly<Record<string, string>> = {
  'delete cronjobs.batch': 'only without --image after it was there: controllers/schedule/reconcile.ts',
  'delete jtelbackups.jtel.de': 'only beyond the historyLimit of a stack: controllers/schedule/reconcile.ts',
  'get controllerrevisions.apps':
    'only if somebody else wrote one, or a process ended in between: controllers/stack/act/revisions.ts',
  'delete controllerrevisions.apps':
    'only beyond the revisionHistoryLimit of a stack: controllers/stack/act/revisions.ts',
  'update events.events.k8s.io':
    'only if the same is told again within minutes: test/integration/runtime/event-recorder.test.ts',
};

interface Role {
  readonly kind: string;
  readonly rules?: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

/** What the roles in those files allow, in the words of RBAC, without names of single objects. */
async function granted(files: readonly string[]): Promise<ReadonlySet<string>> {
  const texts = await Promise.all(
    files.map((file) => readFile(join(repositoryDirectory, 'deploy/access', file), 'utf8')),
  );
  const roles = texts
    .flatMap((text) => parseAllDocuments(text))
    .map((document) => document.toJS() as Role)
    .filter(({ kind }) => kind.endsWith('Role'));
  return new Set(
    roles
      .flatMap(({ rules = [] }) => rules)
      .flatMap(({ apiGroups, resources, verbs }) =>
        apiGroups.flatMap((group) =>
          resources.flatMap((resource) => verbs.map((verb) => rightName({ verb, group, resource }))),
        ),
      ),
  );
}

test('the operator has used every right that it is given, but for those listed here', async () => {
  const sandbox = await Sandbox.attach(process.env['JTEL_SANDBOX'] || 'test');
  const used = await sandbox.controlPlane.rightsUsed(user, operatorName);
  const rights = await granted(['stacks.yaml', 'leader-election.yaml']);
  expect(rights.size).toBeGreaterThan(20);
  expect([...rights].filter((right) => !used.has(right) && !(right in usedElsewhere))).toEqual([]);
  // Nobody is let off for a right that is not even given.
  expect(Object.keys(usedElsewhere).filter((right) => !rights.has(right))).toEqual([]);
});
