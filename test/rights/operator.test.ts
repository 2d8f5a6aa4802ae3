/**
 * The operator's rights against what it did: the audit log of the API server that the end-to-end tests used, so this runs after them
 * (`test/run/steps.ts`). A right that nothing uses only serves whoever breaks in. What compares the other roles is in
 * `test/support/rights.ts`.
 */
import { expect, test } from 'vitest';
import { operatorName } from '../../crds/index.ts';
import { Sandbox } from '../../sandbox/index.ts';
import { rightsGranted } from '../support/rights.ts';

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

test('the operator has used every right that it is given, but for those listed here', async () => {
  const sandbox = await Sandbox.attach(process.env['JTEL_SANDBOX'] || 'test');
  const used = await sandbox.controlPlane.rightsUsed(user, operatorName);
  const rights = await rightsGranted('stacks.yaml', 'leader-election.yaml');
  expect(rights.size).toBeGreaterThan(20);
  expect([...rights].filter((right) => !used.has(right) && !(right in usedElsewhere))).toEqual([]);
  // Nobody is let off for a right that is not even given.
  expect(Object.keys(usedElsewhere).filter((right) => !rights.has(right))).toEqual([]);
});
