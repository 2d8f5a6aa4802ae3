/**
 * Restores that go wrong, and what becomes of the stack meanwhile. test/e2e/recovery.test.ts flips a bit of a
 * real backup.
 */
import assert from 'node:assert/strict';
import { ask, backupID, effects, endState, installed, ready } from '../../../support/world/restores.ts';
import { World } from '../../../support/world/world.ts';
import { storeBackup } from '../../../support/stored-backup.ts';
import type { WorldCase } from '../scene.ts';

export const cases: readonly WorldCase[] = [
  {
    id: 'W24',
    title:
      'a pack that is damaged although length and MD5 are right fails the restore, and nothing was stopped',
    needs: 'nothing',
    run: async () => {
      const world = await installed(await World.create());
      try {
        storeBackup(world.customer, { backupID });
        world.runJob = ({ uid }) =>
          uid.endsWith('-restore')
            ? { error: { reason: 'DataSetCorrupt', message: 'pack 1 has another sha256.' } }
            : { result: {} };
        const { status } = await ask(world);
        assert.equal(status?.phase, 'Failed');
        assert.match(status?.message ?? '', /pack 1 has another sha256\..*Nothing was overwritten/);
        await world.until('the stack to be Ready', () => ready(world));
        assert.equal(effects(world).includes('composeStop'), false);
        assert.equal((endState(world) as { readonly data?: string }).data, 'vanilla 3.44.0');
      } finally {
        await world.kill();
      }
    },
  },
];
