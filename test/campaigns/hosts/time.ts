/**
 * The host's clock is wrong by a day. Debian's libfaketime shows it to all that runs on the host and asks the C
 * library: sshd, the shell, our scripts. Docker asks the kernel.
 */
import assert from 'node:assert/strict';
import { aFence, aJob } from '../../support/host-builders.ts';
import { waitFor } from '../../support/wait.ts';
import type { CampaignCase } from '../campaign.ts';
import type { Scene } from '../world/scene.ts';
import { closeLine, lineTo, oneStack, signal } from './stage.ts';

const library = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';
const daySeconds = 86_400;

export function timeCases(scene: Scene): readonly CampaignCase[] {
  return (['+1d', '-1d'] as const).map((shift) => ({
    name: `the host's clock is wrong by ${shift}`,
    limitSeconds: 600,
    run: async () => {
      const stack = await scene.part(oneStack);
      const { sandbox, project } = stack;
      const line = await lineTo(sandbox);
      const { host } = line;
      try {
        await sandbox.onHost(
          'host-1',
          `[ -e ${library} ] || { apt-get update -qq && apt-get install -y -qq --no-install-recommends libfaketime; } >/dev/null 2>&1
          echo '${shift}' >/etc/faketimerc; echo ${library} >/etc/ld.so.preload`,
        );
        try {
          const off = shift === '+1d' ? daySeconds : -daySeconds;
          const { facts } = await host.observe(project, 'full', signal);
          assert.ok(Math.abs(facts.clockSkewSeconds - off) < 60, `told as ${facts.clockSkewSeconds} s`);
          stack.next();
          await stack.bring(host);
          await host.startJob(
            project,
            aJob('time', project, sandbox.image, { volumes: [] }),
            aFence(),
            signal,
          );
          const job = await waitFor('the job', async () => {
            const report = await host.readJob('time', signal);
            return report?.job.state !== 'Running' && report;
          });
          assert.equal(job.job.state, 'Succeeded');
          await host.removeJob('time', aFence(), signal);
          const { state } = await host.observe(project, 'full', signal);
          // It is our clock, so the record can be compared with what the cluster knows.
          assert.ok(Math.abs(Date.parse(state?.applied?.time ?? '') - Date.now()) < 600_000);
        } finally {
          await sandbox.onHost('host-1', 'rm -f /etc/ld.so.preload /etc/faketimerc');
        }
        stack.next();
        await stack.recovers(host);
        assert.ok(Math.abs((await host.observe(project, 'full', signal)).facts.clockSkewSeconds) < 60);
      } finally {
        await closeLine(line);
      }
    },
  }));
}
