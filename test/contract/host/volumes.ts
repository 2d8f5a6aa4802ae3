/** Data replace others by switching volumes: which volumes stay, which go, and that containers follow. */
import { describe, expect, it } from 'vitest';
import { newVolumes } from '../../../host-driver/volumes.ts';
import { aFence, aJob, aRelease } from '../../support/host-builders.ts';
import { waitFor } from '../../support/wait.ts';
import { signal } from './bench.ts';
import type { HostBench, StartedSubject } from './bench.ts';

const untilTime = '2027-01-01T00:00:00.000Z';
const restored = {
  source: 'backup 20260105t020000z-3f9a1c',
  backupID: '20260105t020000z-3f9a1c',
  requestUID: 'uid-restore',
};

/** The stack runs on its first volumes, and a job has written other data beside them. */
async function loadedBeside(
  bench: HostBench,
): Promise<StartedSubject & { readonly volumes: Readonly<Record<string, string>> }> {
  const subject = await bench.applied();
  const { host, project, image, release } = subject;
  await host.record(project, { data: { source: 'vanilla 3.43.2' } }, aFence(), signal);
  await host.record(
    project,
    { applied: { digest: release.digest, version: release.version } },
    aFence(),
    signal,
  );
  const volumes = newVolumes(project, ['data'], 'uid-restore');
  const uid = `${project}-load`;
  await host.startJob(
    project,
    aJob(uid, project, image, {
      volumes: [{ volume: volumes['data'] ?? '', target: '/data', readOnly: false }],
    }),
    aFence(),
    signal,
  );
  await waitFor(
    'the end of the load',
    async () => (await host.readJob(uid, signal))?.job.state === 'Succeeded',
  );
  await host.removeJob(uid, aFence(), signal);
  return { ...subject, volumes };
}

export function volumeCases(bench: HostBench): void {
  describe('volumes beside those in use', () => {
    it('are made by a load, and touch nothing of what runs', async () => {
      const { host, project, volumes } = await loadedBeside(bench);
      const seen = await host.observe(project, 'full', signal);
      expect(seen.volumes).toEqual([`${project}_data`, volumes['data']]);
      expect(seen.containers.map(({ state }) => state)).toEqual(['running', 'running']);
      expect(seen.state).not.toHaveProperty('volumes');
    });

    it('are switched to at once: what was there stays, and what was applied is to be applied anew', async () => {
      const { host, project, volumes } = await loadedBeside(bench);
      const state = await host.record(
        project,
        { switch: { data: restored, volumes, untilTime } },
        aFence(),
        signal,
      );
      expect(state).toMatchObject({
        volumes,
        data: restored,
        previous: {
          data: { source: 'vanilla 3.43.2' },
          volumes: { data: `${project}_data` },
          version: '3.43.2',
          untilTime,
        },
      });
      expect(state.applied).toBeUndefined();
      // An operator that does not know of this finds the host unreadable.
      expect(state.formatVersion).toBe(2);
      expect(
        await host.record(project, { switch: { data: restored, volumes, untilTime } }, aFence(), signal),
      ).toEqual(state);
    });

    it('are what the containers use from then on', async () => {
      const { host, project, image, volumes } = await loadedBeside(bench);
      const before = (await host.observe(project, 'quick', signal)).containers;
      await host.record(project, { switch: { data: restored, volumes, untilTime } }, aFence(), signal);
      const release = aRelease(project, image, { dataVolume: volumes['data'] ?? '' });
      await host.writeRelease(project, release, aFence(), signal);
      await host.composeUp(project, release, 'all', aFence(), signal);
      const after = (await host.observe(project, 'quick', signal)).containers;
      const idOf = (containers: typeof before): string | undefined =>
        containers.find(({ service }) => service === 'db')?.id;
      expect(idOf(after)).not.toBe(idOf(before));
      // Docker refuses to remove a volume that a container has, so the first one can go only when nothing
      // uses it any more.
      await host.record(project, { previous: null }, aFence(), signal);
      await host.pruneVolumes(project, aFence(), signal);
      expect((await host.observe(project, 'quick', signal)).volumes).toEqual([volumes['data']]);
    });

    it("can be switched back, and the new ones then are nobody's", async () => {
      const { host, project, volumes } = await loadedBeside(bench);
      await host.record(project, { switch: { data: restored, volumes, untilTime } }, aFence(), signal);
      const refuse = {
        requestUID: restored.requestUID,
        reason: 'HealthGateFailed',
        message: 'db did not become healthy',
      };
      const state = await host.record(project, { refuse }, aFence(), signal);
      expect(state).toMatchObject({
        data: { source: 'vanilla 3.43.2' },
        volumes: { data: `${project}_data` },
        refused: refuse,
      });
      expect(state).not.toHaveProperty('previous');
      expect(await host.record(project, { refuse }, aFence(), signal)).toEqual(state);
      await host.pruneVolumes(project, aFence(), signal);
      expect((await host.observe(project, 'quick', signal)).volumes).toEqual([`${project}_data`]);
    });

    it("can be made before anything is loaded, once, and only the project's own", async () => {
      const { host, project } = await bench.applied();
      const volumes = newVolumes(project, ['data', 'files'], 'uid-other');
      await host.createVolumes(project, Object.values(volumes), aFence(), signal);
      await host.createVolumes(project, Object.values(volumes), aFence(), signal);
      expect((await host.observe(project, 'quick', signal)).volumes).toEqual([
        `${project}_data`,
        ...Object.values(volumes),
      ]);
      await expect(host.createVolumes(project, ['other_data'], aFence(), signal)).rejects.toThrow('none of');
    });

    it('are kept as long as state.json names them', async () => {
      const { host, project, volumes } = await loadedBeside(bench);
      await host.record(project, { switch: { data: restored, volumes, untilTime } }, aFence(), signal);
      await host.pruneVolumes(project, aFence(), signal);
      expect((await host.observe(project, 'quick', signal)).volumes).toEqual([
        `${project}_data`,
        volumes['data'],
      ]);
    });

    it('are not pruned by the outdated', async () => {
      const { host, project, volumes } = await loadedBeside(bench);
      await host.prune(project, [], aFence(3), signal);
      await expect(host.pruneVolumes(project, aFence(2), signal)).rejects.toMatchObject({ reason: 'Fenced' });
      expect((await host.observe(project, 'quick', signal)).volumes).toContain(volumes['data']);
    });

    it('are measured, and one that is not there is not guessed', async () => {
      const { host, project, volumes } = await loadedBeside(bench);
      expect(
        await host.measureVolumes(project, [`${project}_data`, volumes['data'] ?? ''], aFence(), signal),
      ).toBeGreaterThan(0);
      expect(await host.measureVolumes(project, [`${project}_nothing`], aFence(), signal)).toBeUndefined();
      const state = await host.record(
        project,
        { switch: { data: restored, volumes, untilTime } },
        aFence(),
        signal,
      );
      expect(state.previous).not.toHaveProperty('measured');
      expect(
        (await host.record(project, { previous: { bytes: 4711 } }, aFence(), signal)).previous,
      ).toMatchObject({ bytes: 4711, measured: true });
    });

    it('do not take the place of data that are half overwritten: there is nothing to go back to', async () => {
      const { host, project, volumes } = await loadedBeside(bench);
      await host.record(
        project,
        { data: { source: 'backup x', requestUID: 'uid-other', state: 'Incomplete' } },
        aFence(),
        signal,
      );
      const state = await host.record(
        project,
        { switch: { data: restored, volumes, untilTime } },
        aFence(),
        signal,
      );
      expect(state.data).toMatchObject(restored);
      expect(state).not.toHaveProperty('previous');
    });
  });
}
