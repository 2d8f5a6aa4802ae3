/**
 * Loaded data are looked for before anything is started, because an empty volume in their place would look
 * well.
 */
import { describe, expect, it } from 'vitest';
import type { RenderedRelease } from '../../../host-driver/host.ts';
import { aFence, aJob, aRelease } from '../../support/host-builders.ts';
import { waitFor } from '../../support/wait.ts';
import { signal } from './bench.ts';
import type { HostBench, StartedSubject } from './bench.ts';

type Loaded = StartedSubject & { readonly release: RenderedRelease };
const origin = { source: 'vanilla 3.43.2', dataSets: ['database'] };
/** What a load leaves behind of a database and of a file tree. */
const write = 'mkdir -p /data/mysql /data/jtel && echo x >/data/jtel/calls.ibd';

/** A stack with a database in its volume that is recorded as loaded; it was started once. */
async function loaded(
  bench: HostBench,
  kind: 'Database' | 'FileTree' = 'Database',
  command = write,
): Promise<Loaded> {
  const subject = await bench.claimed();
  const { host, project, image } = subject;
  const plain = aRelease(project, image);
  const release = {
    ...plain,
    data: [
      {
        set: 'database',
        kind,
        volume: `${project}_data`,
        ...(kind === 'Database' ? { directory: '.' } : {}),
      },
    ],
  };
  await host.writeRelease(project, release, aFence(), signal);
  const uid = `${project}-fill`;
  await host.startJob(
    project,
    aJob(uid, project, image, {
      command: ['sh', '-c', command],
      volumes: [{ volume: `${project}_data`, target: '/data', readOnly: false }],
    }),
    aFence(),
    signal,
  );
  await waitFor(
    'the end of the load',
    async () => (await host.readJob(uid, signal))?.job.state === 'Succeeded',
  );
  await host.removeJob(uid, aFence(), signal);
  await host.record(project, { data: origin }, aFence(), signal);
  await host.composeUp(project, release, 'all', aFence(), signal);
  return { ...subject, release };
}

export function dataCases(bench: HostBench): void {
  describe('data that were loaded', () => {
    it('and are there are started on, as often as one likes', async () => {
      const { host, project, release } = await loaded(bench);
      await host.composeStop(project, aFence(), signal);
      await host.composeUp(project, release, 'all', aFence(), signal);
      const { containers } = await host.observe(project, 'quick', signal);
      expect(containers.map(({ state }) => state)).toEqual(['running', 'running']);
    });

    it.each([
      ['Volumes', 'does not exist', false],
      ['Content', 'is empty', true],
    ] as const)(
      'and are gone (%s) are not started over: no volume is made, nothing runs',
      async (what, how, isLeft) => {
        const { host, project, release, lose } = await loaded(bench);
        await host.composeStop(project, aFence(), signal);
        await lose(project, what);
        const refusal = expect.objectContaining({
          reason: 'DataMissing',
          message: expect.stringContaining(`volume ${project}_data ${how}`),
        });
        await expect(host.composeUp(project, release, 'all', aFence(), signal)).rejects.toEqual(refusal);
        const after = await host.observe(project, 'full', signal);
        expect(after.volumes).toEqual(isLeft ? [`${project}_data`] : []);
        expect(after.contents).toEqual(isLeft ? { [`${project}_data`]: 'Empty' } : {});
        expect(after.containers.filter(({ state }) => state === 'running')).toEqual([]);
      },
    );

    it('and are gone are not backed up: the job finds no volume, and makes none', async () => {
      const { host, project, image, lose } = await loaded(bench);
      await host.composeStop(project, aFence(), signal);
      await lose(project, 'Volumes');
      const job = aJob(`${project}-backup`, project, image, {
        type: 'backup',
        volumes: [{ volume: `${project}_data`, target: '/data', readOnly: true }],
      });
      await expect(host.startJob(project, job, aFence(), signal)).rejects.toMatchObject({
        reason: 'DataMissing',
      });
      expect((await host.observe(project, 'quick', signal)).volumes).toEqual([]);
    });

    it('are started over once they are said to be lost, or are being loaded again', async () => {
      const { host, project, release, lose } = await loaded(bench);
      await host.composeStop(project, aFence(), signal);
      await lose(project, 'Volumes');
      const state = await host.record(project, { data: null }, aFence(), signal);
      expect(state).not.toHaveProperty('data');
      await host.composeUp(project, release, 'all', aFence(), signal);
      await host.composeStop(project, aFence(), signal);
      await host.record(project, { data: origin }, aFence(), signal);
      await host.record(project, { data: { ...origin, state: 'Incomplete' } }, aFence(), signal);
      await host.composeUp(project, release, 'all', aFence(), signal);
    });
  });
}
