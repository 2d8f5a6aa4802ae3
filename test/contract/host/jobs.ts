/** Long work in containers of its own. */
import { describe, expect, it } from 'vitest';
import type { Host, HostEvent, JobReport } from '../../../host-driver/host.ts';
import { aCompanion, aFence, aJob, aJobWithCompanion } from '../../support/host-builders.ts';
import { waitFor } from '../../support/wait.ts';
import { signal } from './bench.ts';
import type { HostBench, StartedSubject } from './bench.ts';

function ended(host: Host, uid: string): Promise<JobReport> {
  return waitFor('the end of the job', async () => {
    const report = await host.readJob(uid, signal);
    return report !== undefined && report.job.state !== 'Running' && report.job.state !== 'Created' && report;
  });
}

async function withImage(bench: HostBench): Promise<StartedSubject & { readonly uid: string }> {
  const subject = await bench.claimed();
  return { ...subject, uid: `${subject.project}-load` };
}

export function jobCases(bench: HostBench): void {
  describe('a job', () => {
    it('runs with its input and tells progress and result', async () => {
      const { host, project, image, uid } = await withImage(bench);
      await host.startJob(project, aJob(uid, project, image), aFence(), signal);
      const report: JobReport = await ended(host, uid);
      expect(report).toMatchObject({
        job: { uid, type: 'load', name: `jtel-job-${uid}`, state: 'Succeeded', exitCode: 0 },
        progress: { step: 'reading', percent: 50 },
        result: { answer: 42 },
      });
      const seen = await host.observe(project, 'quick', signal);
      expect(seen.jobs).toMatchObject([{ uid, state: 'Succeeded', exitCode: 0 }]);
      expect(seen.containers).toEqual([]);
      expect(seen.volumes).toEqual([`${project}_files`]);
    });

    it('started again is the same job', async () => {
      const { host, project, image, uid } = await withImage(bench);
      await host.startJob(project, aJob(uid, project, image), aFence(), signal);
      await ended(host, uid);
      await host.startJob(project, aJob(uid, project, image, { input: { answer: 43 } }), aFence(), signal);
      expect(await ended(host, uid)).toMatchObject({ result: { answer: 42 } });
      expect((await host.observe(project, 'quick', signal)).jobs).toHaveLength(1);
    });

    it('tells an event when it has ended', async () => {
      const { host, project, image, uid } = await withImage(bench);
      const enough = new AbortController();
      const seen: HostEvent[] = [];
      const listening = (async () => {
        for await (const event of host.events(enough.signal)) seen.push(event);
      })();
      listening.catch(() => undefined);
      // The subscription is certain only once something came, so jobs end until then.
      let jobs = 0;
      await waitFor('the event', async () => {
        jobs += 1;
        await host.startJob(project, aJob(`${uid}-${jobs}`, project, image), aFence(), signal);
        await ended(host, `${uid}-${jobs}`);
        return seen.some(
          (event) => event.project === project && event.service === '' && event.action === 'die',
        );
      });
      enough.abort(new Error('enough'));
      await expect(listening).rejects.toThrow('enough');
    });

    it('that fails tells why, and when', async () => {
      const { host, project, image, uid } = await withImage(bench);
      const command = [
        'sh',
        '-c',
        `echo '{"error":{"reason":"DataIncomplete","message":"a file is missing"}}'; exit 3`,
      ];
      const started = Math.floor(Date.now() / 1000);
      await host.startJob(project, aJob(uid, project, image, { type: 'failing', command }), aFence(), signal);
      const report = await ended(host, uid);
      expect(report).toMatchObject({
        job: { state: 'Failed' },
        error: { reason: 'DataIncomplete', message: 'a file is missing' },
      });
      // The pause before a retry counts from here.
      expect(report?.job.finishedSeconds).toBeGreaterThanOrEqual(started - 1);
      expect(report?.job.finishedSeconds).toBeLessThanOrEqual(Date.now() / 1000 + 1);
    });

    it('needs its image, and the right to change the host', async () => {
      const { host, project, image, missingImage, uid } = await withImage(bench);
      await expect(
        host.startJob(project, aJob(uid, project, missingImage), aFence(), signal),
      ).rejects.toMatchObject({ reason: 'ImageNotFound' });
      await host.claim(project, aFence(4), signal);
      await expect(
        host.startJob(project, aJob(uid, project, image), aFence(3), signal),
      ).rejects.toMatchObject({ reason: 'Fenced' });
      expect(await host.readJob(uid, signal)).toBeUndefined();
    });

    it('is removed, also when it is gone already, but not by the outdated', async () => {
      const { host, project, image, uid } = await withImage(bench);
      await host.startJob(project, aJob(uid, project, image), aFence(2), signal);
      await expect(host.removeJob(uid, aFence(1), signal)).rejects.toMatchObject({ reason: 'Fenced' });
      await host.removeJob(uid, aFence(2), signal);
      await host.removeJob(uid, aFence(2), signal);
      expect(await host.readJob(uid, signal)).toBeUndefined();
    });

    it('with a companion shares a volume with it, is over when its main container is, and is one job', async () => {
      const { host, project, image, uid } = await withImage(bench);
      await host.startJob(project, aJobWithCompanion(uid, project, image), aFence(), signal);
      expect(await ended(host, uid)).toMatchObject({
        job: { uid, name: `jtel-job-${uid}`, state: 'Succeeded' },
        result: expect.stringMatching(/^600 canary ?$/),
      });
      const seen = await host.observe(project, 'full', signal);
      expect(seen).toMatchObject({
        jobs: [{ uid, state: 'Succeeded' }],
        containers: [],
        volumes: [`${project}_files`],
      });
    });

    it('with a companion whose image is missing does not start at all', async () => {
      const { host, project, image, missingImage, uid } = await withImage(bench);
      const job = aJobWithCompanion(uid, project, image, {
        companions: [aCompanion(image), aCompanion(missingImage, { name: 'other' })],
      });
      await expect(host.startJob(project, job, aFence(), signal)).rejects.toMatchObject({
        reason: 'ImageNotFound',
      });
      expect(await host.readJob(uid, signal)).toBeUndefined();
      expect((await host.observe(project, 'full', signal)).jobs).toEqual([]);
    });

    it.each([
      ['name', { name: 'a/b' }],
      ['name', { name: 'main' }],
      ['user', { user: 'root; id' }],
      ['file', { files: [{ path: '/run/../etc/passwd', content: '', mode: 0o600 }] }],
      ['mode of a file', { files: [{ path: '/run/x', content: '', mode: 0o4755 }] }],
    ])('is refused when the %s of a companion is hostile: %j', async (_what, change) => {
      const { host, project, image, uid } = await withImage(bench);
      const job = aJobWithCompanion(uid, project, image, { companions: [aCompanion(image, change)] });
      await expect(host.startJob(project, job, aFence(), signal)).rejects.toMatchObject({
        name: 'InvalidValue',
      });
    });
  });
}
