/** Orders that come again, orders that get in each other's way, and what is reported about them. */
import assert from 'node:assert/strict';
import { restoreKind, type JtelRestore } from '../../../../crds/index.ts';
import { events } from '../../../../runtime/client/kinds.ts';
import { describe, plan } from '../../../../controllers/backup/index.ts';
import { aStack, observing, planInput } from '../../../../controllers/backup/testing.ts';
import { surplusBackups } from '../../../../controllers/schedule/index.ts';
import type { JtelBackup } from '../../../../crds/index.ts';
import {
  inWorld,
  aRestore,
  ask,
  backupID,
  ended,
  endState,
  installed,
  ready,
  restoreOf,
} from '../../../support/world/restores.ts';
import type { World } from '../../../support/world/world.ts';
import { storeBackup } from '../../../support/stored-backup.ts';
import type { WorldCase } from '../scene.ts';

const { signal } = new AbortController();
const newer = '20260302t020000z-00000b';
const storeRef = { name: 'customer' };

/** Applies as a tool does that knows the object from a file: without uid, without status. */
async function createAnew(world: World, name: string, spec: Partial<JtelRestore['spec']>): Promise<void> {
  await world.cluster.delete(restoreKind, { namespace: 'acme', name }, {}, { signal });
  await world.cluster.create(restoreKind, aRestore(spec, name), { signal });
}

function reasonsOf({ status }: JtelRestore): readonly string[] {
  return [...new Set(status?.conditions?.map(({ reason }) => reason))];
}

const finished = (name: string, labels: object): JtelBackup =>
  ({
    metadata: { namespace: 'acme', name, creationTimestamp: '2026-03-01T00:00:00Z', labels },
    spec: {},
    status: { phase: 'Completed' },
  }) as object as JtelBackup;

export const cases: readonly WorldCase[] = [
  {
    id: 'W1',
    title: 'old orders that git applies again, several at once, leave newer data alone',
    needs: 'nothing',
    run: () =>
      inWorld(async (world) => {
        await installed(world);
        storeBackup(world.customer, { backupID });
        storeBackup(world.customer, { backupID: newer });
        const orders: Readonly<Record<string, Partial<JtelRestore['spec']>>> = {
          first: { source: { backupID, storeRef } },
          second: { source: { backupID: newer, storeRef } },
        };
        for (const [name, spec] of Object.entries(orders)) await ask(world, spec, name);
        await world.until('the stack to be Ready', () => ready(world));
        for (const [name, spec] of Object.entries(orders)) await createAnew(world, name, spec);
        await world.until(
          'both to end',
          async () => (await ended(world, 'first')) && (await ended(world, 'second')),
        );
        for (const name of Object.keys(orders))
          assert.deepEqual(reasonsOf(await restoreOf(world, name)), ['AlreadyCarriedOut']);
        assert.equal((endState(world) as { readonly data?: string }).data, `backup ${newer}`);
      }),
  },
  {
    id: 'W16',
    title: 'a JtelBackup that git keeps is not pruned, and does not count',
    needs: 'nothing',
    run: () => {
      const own = { 'app.kubernetes.io/managed-by': 'jtel-operator' };
      const backups = [finished('from-git', {}), ...['a', 'b', 'c', 'd'].map((name) => finished(name, own))];
      const stack = aStack();
      const limited = {
        ...stack,
        spec: { ...stack.spec, backup: { ...stack.spec.backup, historyLimit: 2 } },
      } as typeof stack;
      assert.deepEqual(
        surplusBackups(limited, backups, []).map(({ metadata }) => metadata.name),
        ['a', 'b'],
      );
    },
  },
  {
    id: 'W26',
    title: 'a backup that waits says for which one, and since when',
    needs: 'nothing',
    run: () => {
      const planned = plan(
        planInput({
          observed: observing({
            ahead: [
              { kind: 'JtelBackup', name: 'main-before', phase: 'Running', since: '2026-03-01T01:30:00Z' },
            ],
          }),
        }),
      );
      assert.match(
        planned.kind === 'Wait' ? describe(planned) : '',
        /main-before \(Running since 2026-03-01T01:30:00Z\)/,
      );
    },
  },
  {
    id: 'W27',
    title: 'a failing load is told at once, and the one behind it says how to go on',
    needs: 'nothing',
    run: () =>
      inWorld(async (world) => {
        await installed(world);
        storeBackup(world.customer, { backupID });
        world.runJob = ({ type }) =>
          type === 'restore' ? { error: { reason: 'JobFailed', message: 'error 1100' } } : { result: {} };
        await world.cluster.create(restoreKind, aRestore({}, 'first'), { signal });
        const told = async (): Promise<boolean> =>
          (await world.cluster.list(events, { namespace: 'acme' }, { signal })).some(
            ({ type, note }) => type === 'Warning' && note?.includes('error 1100') === true,
          );
        await world.until('the event', told);
        await world.cluster.create(restoreKind, aRestore({}, 'second'), { signal });
        const says = async (): Promise<string> => (await restoreOf(world, 'second')).status?.message ?? '';
        await world.until('the second to say something', async () => (await says()) !== '');
        assert.match(await says(), /JtelRestore first .*kubectl delete jtelrestore first -n acme/);
      }),
  },
];
