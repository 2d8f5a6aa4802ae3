/** A customer leaves git, and comes back. */
import assert from 'node:assert/strict';
import { waitFor } from '../../support/wait.ts';
import { type FluxCase, customer, folder } from './stage.ts';

export const folderCases: readonly FluxCase[] = [
  {
    name: 'a folder that is removed leaves the stack running, and brought back it is the same stack',
    run: async (stage) => {
      const containers = await stage.containers();
      await stage.query('CREATE TABLE jtel.kept (id INT PRIMARY KEY)');
      await stage.repository.remove(folder);
      await stage.repository.remove(`clusters/flux/${customer}.yaml`);
      await stage.commit('Say goodbye to the customer');
      await waitFor('the namespace to be gone', async () => {
        const { code } = await stage.kubectl.tryRun(['get', 'namespace', customer]);
        return code !== 0;
      });
      assert.deepEqual(await stage.containers(), containers);
      const back = await stage.revert();
      await stage.settled(back);
      assert.deepEqual(await stage.containers(), containers);
      const tables = "SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'kept'";
      assert.equal(await stage.query(tables), '1');
    },
  },
];
