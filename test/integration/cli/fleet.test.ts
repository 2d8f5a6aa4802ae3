/** `kubectl jtel fleet` and `windows` about stacks that an API server really has. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FleetReport } from '../../../insight/fleet.ts';
import { openCluster, type TestCluster } from '../../support/cluster.ts';
import { installCRDs } from '../../support/crds.ts';
import { kubectlJtel, type PluginRun } from '../../support/plugin.ts';
import { storeStack } from '../../support/stored-stacks.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await openCluster('fleet');
  await installCRDs(cluster.client);
});
afterAll(async () => cluster.close());

function jtel(argv: readonly string[]): Promise<PluginRun> {
  return kubectlJtel(argv, { kubeconfig: cluster.kubeconfig, namespace: cluster.namespace });
}

describe('fleet and windows', () => {
  it('answer for a namespace or all, for people and for programs', async () => {
    const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;
    const windows = [{ days, start: '00:00', durationMinutes: 1440, timeZone: 'America/Lima' }];
    await storeStack(cluster.client, cluster.namespace, {
      name: 'asked',
      spec: {
        update: {
          preUpdateBackup: 'Required',
          progressDeadlineSeconds: 3600,
          onFailure: 'Rollback',
          windows,
        },
      },
      status: { phase: 'Degraded', version: '3.41.7', host: { diskFreeBytes: 1e9, diskTotalBytes: 100e9 } },
    });
    const asked = `${cluster.namespace}/asked`;
    for (const scope of [[], ['-A']]) {
      const { code, out } = await jtel(['fleet', '-o', 'wide', ...scope]);
      expect(code).toBe(0);
      expect(out).toContain(`${asked} (1 % (953.7 MiB) free)`);
    }
    const report = JSON.parse((await jtel(['fleet', '-o', 'json'])).out) as FleetReport;
    const versions = report.questions.find(({ name }) => name === 'Versions')?.groups;
    expect(versions?.find(({ name }) => name === '3.41.7')?.stacks).toEqual([
      { namespace: cluster.namespace, name: 'asked' },
    ]);
    const calendar = await jtel(['windows', 'asked', '--days', '1', '--time-zone', 'Europe/Berlin']);
    expect(calendar).toMatchObject({ code: 0, out: expect.stringContaining('Times in Europe/Berlin') });
    expect(calendar.out).toMatch(/^open now .*\d\d:00 .*\/asked$/m);
    expect(await jtel(['windows', '--time-zone', 'Mars/Olympus'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('use a name such as Europe/Berlin'),
    });
  });
});
