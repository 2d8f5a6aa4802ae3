/** The machine as a whole: facts, images, set-up, events, logs, the end, and what is refused. */
import { expect, it } from 'vitest';
import type { HostEvent } from '../../../host-driver/host.ts';
import { aFence, aJob, aRelease } from '../../support/host-builders.ts';
import { waitFor } from '../../support/wait.ts';
import { nothing, signal } from './bench.ts';
import type { HostBench } from './bench.ts';

export function machineCases(bench: HostBench): void {
  it('tells facts about a machine that nobody claimed, and that nothing of ours is there', async () => {
    const { host, project } = await bench.start();
    const seen = await host.observe(project, 'full', signal);
    expect(seen.facts).toMatchObject({
      machineID: expect.stringMatching(/^[0-9a-f]{32}$/),
      osID: 'debian',
      canSudo: true,
      dockerVersion: expect.stringMatching(/^\d+\./),
    });
    expect(seen.facts.cores).toBeGreaterThan(0);
    expect(seen.facts.memoryBytes).toBeGreaterThan(2 ** 28);
    expect(seen.facts.diskFreeBytes).toBeLessThanOrEqual(seen.facts.diskTotalBytes);
    expect(Math.abs(seen.facts.clockSkewSeconds)).toBeLessThan(5);
    expect(seen).toMatchObject({ containers: [], jobs: [], releases: [], volumes: [] });
    expect(seen.state).toBeUndefined();
    expect(seen.currentRelease).toBeUndefined();
  });

  it('pulls what is missing, tells how far it is, and does nothing the second time', async () => {
    const { host, project, image, credentials = [] } = await bench.start();
    const progress: { imagesDone: number; imagesTotal: number; bytesDone: number; bytesTotal: number }[] = [];
    await host.pull([image, image], credentials, (one) => progress.push(one), signal);
    expect(progress.at(-1)).toMatchObject({ imagesDone: 1, imagesTotal: 1 });
    for (const one of progress) expect(one.bytesDone).toBeLessThanOrEqual(one.bytesTotal);
    await host.pull([image], credentials, nothing, signal);
    expect((await host.observe(project, 'full', signal)).images).toContain(
      `${image.repository}@${image.digest}`,
    );
  });

  it('names the image that the registry does not have', async () => {
    const { host, image, missingImage, credentials = [] } = await bench.start();
    await expect(host.pull([image, missingImage], credentials, nothing, signal)).rejects.toMatchObject({
      reason: 'ImageNotFound',
      message: expect.stringContaining(missingImage.digest),
    });
  });

  it('remembers where the data came from, beside what was applied', async () => {
    const { host, project, release } = await bench.applied();
    await host.record(project, { data: { source: 'vanilla 3.43.2' } }, aFence(), signal);
    await host.record(
      project,
      { applied: { digest: release.digest, version: '3.43.2', series: '11.8' } },
      aFence(2),
      signal,
    );
    const { state } = await host.observe(project, 'quick', signal);
    expect(state).toMatchObject({
      epoch: 2,
      data: { source: 'vanilla 3.43.2' },
      applied: { digest: release.digest, series: '11.8' },
    });
    expect(Math.abs(Date.parse(state?.data?.time ?? '') - Date.now())).toBeLessThan(120_000);
  });

  it('forgets what was applied when the data under it are going to be overwritten', async () => {
    const { host, project, release } = await bench.applied();
    await host.record(
      project,
      { applied: { digest: release.digest, version: release.version } },
      aFence(),
      signal,
    );
    const backupID = '20260105t020000z-3f9a1c';
    const during = await host.record(
      project,
      { data: { source: `backup ${backupID}`, backupID, requestUID: 'uid-restore', state: 'Incomplete' } },
      aFence(),
      signal,
    );
    expect(during.applied).toBeUndefined();
    const after = await host.record(
      project,
      { data: { source: `backup ${backupID}`, backupID, requestUID: 'uid-restore' } },
      aFence(),
      signal,
    );
    expect(after).toMatchObject({ data: { backupID } });
    expect(after.data?.state).toBeUndefined();
    expect(after.applied).toBeUndefined();
  });

  it('remembers orders that were carried out, each once, whatever else is noted', async () => {
    const { host, project } = await bench.start();
    await host.claim(project, aFence(), signal);
    const orderOf = (id: string, time: string) => ({ id, name: 'back', requestUID: `uid-${id}`, time });
    const first = orderOf('a', '2026-03-01T02:00:00Z');
    const second = orderOf('b', '2026-03-02T02:00:00Z');
    await host.record(
      project,
      { data: { source: 'x', requestUID: 'uid-b' }, carriedOut: [second] },
      aFence(),
      signal,
    );
    await host.record(project, { carriedOut: [first, second] }, aFence(), signal);
    await host.setUp(project, { mode: 'Preinstalled' }, aFence(), signal);
    expect((await host.observe(project, 'quick', signal)).state?.carriedOut).toEqual([first, second]);
    const again = orderOf('a', '2026-03-03T02:00:00Z');
    expect((await host.record(project, { carriedOut: [again] }, aFence(), signal)).carriedOut).toEqual([
      second,
      again,
    ]);
  });

  it('is set up, and remembers which set-up that was', async () => {
    const { host, project } = await bench.start();
    await host.claim(project, aFence(), signal);
    await host.setUp(project, { mode: 'Preinstalled', timeZone: 'Europe/Berlin' }, aFence(), signal);
    const seen = await host.observe(project, 'full', signal);
    expect(seen.facts.timeZone).toBe('Europe/Berlin');
    expect(seen.state?.setupDigest).toMatch(/^[0-9a-f]{64}$/);
  });

  it("gives the last lines of a service's log", async () => {
    const { host, project } = await bench.applied();
    expect(await waitFor('the log', () => host.logs(project, 'db', 5, signal))).not.toBe('');
    expect(await host.logs(project, 'nobody', 5, signal)).toBe('');
  });

  it('tells events until the asker has enough', async () => {
    const { host, project } = await bench.applied();
    const enough = new AbortController();
    const events: HostEvent[] = [];
    const listening = (async () => {
      for await (const event of host.events(enough.signal)) events.push(event);
    })();
    listening.catch(nothing);
    // The subscription is certain only once something came, so make something come until then.
    await waitFor('an event', async () => {
      await host.composeStop(project, aFence(), signal);
      await host.composeUp(
        project,
        aRelease(project, (await bench.makeSubject()).image),
        ['db'],
        aFence(),
        signal,
      );
      return events.some(
        (event) => event.project === project && event.service === 'db' && event.action === 'start',
      );
    });
    enough.abort(new Error('enough'));
    await expect(listening).rejects.toThrow('enough');
  });

  it('tells what happened since a time, too, so that nothing between a look and the stream is lost', async () => {
    const { host, project } = await bench.applied();
    const { facts } = await host.observe(project, 'quick', signal);
    const sinceSeconds = Math.floor(Date.now() / 1000) + facts.clockSkewSeconds - 1;
    await host.composeStop(project, aFence(), signal);
    const enough = new AbortController();
    const seen = (async () => {
      for await (const event of host.events(enough.signal, sinceSeconds))
        if (event.project === project && event.action === 'die') return event;
      return undefined;
    })();
    await expect(seen).resolves.toMatchObject({ project });
    enough.abort(new Error('enough'));
  });

  it('is left without a trace by destroy, and other projects are not touched', async () => {
    const { host, project, image } = await bench.applied();
    const other = await bench.applied();
    await host.startJob(project, aJob(`${project}-j`, project, image), aFence(), signal);
    await host.destroy(project, aFence(), signal);
    const seen = await host.observe(project, 'full', signal);
    expect(seen).toMatchObject({ containers: [], jobs: [], releases: [], volumes: [] });
    expect(seen.state).toBeUndefined();
    await host.destroy(project, aFence(), signal);
    const untouched = await other.host.observe(other.project, 'quick', signal);
    expect(untouched.containers.map(({ state }) => state)).toEqual(['running', 'running']);
  });

  it.each(['$(reboot)', "a'b", '-rf', 'a b', '../x', 'a;b', 'a\nb', '', 'x'.repeat(300)])(
    'refuses %j wherever a name is meant',
    async (hostile) => {
      const { host, project, image } = await bench.start();
      await host.claim(project, aFence(), signal);
      const release = aRelease(project, image);
      const calls: Promise<unknown>[] = [];
      calls.push(host.observe(hostile, 'quick', signal));
      calls.push(host.claim(hostile, aFence(), signal));
      calls.push(host.destroy(hostile, aFence(), signal));
      calls.push(host.composeUp(project, release, [hostile], aFence(), signal));
      calls.push(host.composeUp(project, { ...release, digest: hostile }, 'all', aFence(), signal));
      calls.push(host.writeRelease(project, { ...release, digest: hostile }, aFence(), signal));
      calls.push(host.prune(project, [hostile], aFence(), signal));
      calls.push(host.pull([{ ...image, repository: hostile }], [], nothing, signal));
      calls.push(host.pull([{ ...image, digest: hostile }], [], nothing, signal));
      calls.push(host.readJob(hostile, signal));
      calls.push(host.startJob(project, aJob(hostile, project, image), aFence(), signal));
      calls.push(host.startJob(project, aJob('j', project, image, { network: hostile }), aFence(), signal));
      calls.push(
        host.startJob(
          project,
          aJob('j', project, image, { volumes: [{ volume: hostile, target: '/x', readOnly: false }] }),
          aFence(),
          signal,
        ),
      );
      calls.push(host.logs(project, hostile, 5, signal));
      if (hostile !== '')
        calls.push(host.setUp(project, { mode: 'Preinstalled', timeZone: hostile }, aFence(), signal));
      for (const outcome of await Promise.allSettled(calls)) {
        expect(outcome).toMatchObject({
          status: 'rejected',
          reason: { message: expect.stringContaining('is refused') },
        });
      }
    },
  );

  it('does nothing for a caller who gave up', async () => {
    const { host, project } = await bench.start();
    const gaveUp = AbortSignal.abort(new Error('gave up'));
    await expect(host.claim(project, aFence(), gaveUp)).rejects.toThrow('gave up');
    expect((await host.observe(project, 'quick', signal)).state).toBeUndefined();
  });
}
