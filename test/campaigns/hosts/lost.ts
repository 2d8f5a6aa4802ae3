/** The line to a host breaks, or says nothing more, in the middle of each step. */
import assert from 'node:assert/strict';
import type { Host } from '../../../host-driver/host.ts';
import { aFence, aJob, aRelease } from '../../support/host-builders.ts';
import { waitFor } from '../../support/wait.ts';
import type { CampaignCase, CampaignForm } from '../campaign.ts';
import type { Scene } from '../world/scene.ts';
import { checkTold, closeLine, failureOf, lineTo, nothing, oneStack, signal, type Stack } from './stage.ts';

const lost = ['OutcomeUnknown', 'HostUnreachable'] as const;

const steps: Readonly<Record<string, (host: Host, stack: Stack) => Promise<unknown>>> = {
  observe: (host, { project }) => host.observe(project, 'full', signal),
  claim: (host, { project }) => host.claim(project, aFence(), signal),
  writeRelease: (host, { project, wanted }) => host.writeRelease(project, wanted, aFence(), signal),
  pull: (host, { sandbox: { image, credentials } }) => host.pull([image], credentials, nothing, signal),
  composeUp: (host, { project, wanted }) => host.composeUp(project, wanted, 'all', aFence(), signal),
  composeStop: (host, { project }) => host.composeStop(project, aFence(), signal),
  record: (host, { project }) =>
    host.record(project, { data: { source: 'vanilla 3.43.2' } }, aFence(), signal),
  startJob: async (host, { project, sandbox }) => {
    const job = aJob('lost', project, sandbox.image, { volumes: [] });
    await host.startJob(project, job, aFence(), signal);
  },
};

/** Bytes of a client until the line breaks: in the first packet, in the request, in what is sent, in the end. */
const places = { short: [400], long: [1, 400, 3000, 60_000] } as const;

export function lostCases(scene: Scene, form: CampaignForm): readonly CampaignCase[] {
  const resets = (form === 'short' ? ['composeUp'] : Object.keys(steps)).flatMap((step) =>
    places[form].map((bytes) => aCase(scene, step, 'reset', bytes)),
  );
  if (form === 'short') return resets;
  const silent = ['observe', 'composeUp', 'pull', 'startJob'].map((step) =>
    aCase(scene, step, 'silence', 400),
  );
  return [...resets, ...silent, endedFor(scene), stalled(scene)];
}

function aCase(scene: Scene, step: string, how: 'reset' | 'silence', bytes: number): CampaignCase {
  return {
    name: `${how === 'reset' ? 'the line breaks' : 'the line falls silent'} ${bytes} bytes into ${step}`,
    limitSeconds: 600,
    run: async () => {
      const stack = await scene.part(oneStack);
      const line = await lineTo(stack.sandbox);
      try {
        stack.next();
        await line.host.observe(stack.project, 'quick', signal);
        if (step === 'composeUp') await line.host.writeRelease(stack.project, stack.wanted, aFence(), signal);
        line.proxy.breakAfter(bytes, how);
        const error = await failureOf(steps[step]?.(line.host, stack) ?? Promise.resolve());
        // Where the step needs fewer bytes, it ends before.
        if (error !== undefined) checkTold(error, lost, /lost|ended|answer|no SSH connection|started/);
        line.proxy.accept();
        line.proxy.dropAll();
        await stack.recovers(line.host);
        await line.host.removeJob('lost', aFence(), signal);
      } finally {
        await closeLine(line);
      }
    },
  };
}

/** First sshd ends before it could send the exit code, then the step itself is killed. */
function endedFor(scene: Scene): CampaignCase {
  return {
    name: 'the exit code of a step is lost, with its sshd and with the step',
    limitSeconds: 600,
    run: async () => {
      const stack = await scene.part(oneStack);
      const line = await lineTo(stack.sandbox);
      const { project, sandbox } = stack;
      try {
        for (const victim of ['^sshd-session: [j]tel', `[j]tel-host-.* up ${project}`]) {
          const waiting = aRelease(project, sandbox.image, { dbHealth: 'never', webSetting: victim });
          await line.host.writeRelease(project, waiting, aFence(), signal);
          const ends = failureOf(line.host.composeUp(project, waiting, 'all', aFence(), signal));
          const isUp = `grep -q ^up /opt/jtel/${project}/lock && docker ps -q --filter health=starting | grep -q . && echo yes`;
          await waitFor('the step', () => sandbox.onHost('host-1', `${isUp} || true`));
          await sandbox.onHost('host-1', `pkill -KILL -f '${victim}' || true`);
          checkTold(
            await ends,
            ['OutcomeUnknown'],
            /without a result \(the connection was lost|ended by|exit code 137/,
          );
          stack.next();
          await stack.recovers(line.host);
        }
      } finally {
        await closeLine(line);
      }
    },
  };
}

const stallSeconds = 600;

/** The connection is well, keep-alives are answered, and the command makes no progress for ten minutes. */
function stalled(scene: Scene): CampaignCase {
  return {
    name: 'a command stalls for ten minutes, while its connection is well',
    limitSeconds: 1200,
    run: async () => {
      const stack = await scene.part(oneStack);
      const line = await lineTo(stack.sandbox);
      const { sandbox, project } = stack;
      try {
        stack.next();
        await line.host.writeRelease(project, stack.wanted, aFence(), signal);
        // Found first by the script, whose time for compose is 60 s here.
        const stall = `case $2 in -p) sleep ${stallSeconds} ;; esac`;
        await sandbox.onHost(
          'host-1',
          `printf '#!/bin/sh\\n${stall}\\nexec /usr/bin/docker "$@"\\n' >/usr/local/bin/docker; chmod 755 /usr/local/bin/docker`,
        );
        const error = await failureOf(line.host.composeUp(project, stack.wanted, 'all', aFence(), signal));
        checkTold(error, ['OutcomeUnknown'], /did not finish in time: observe the host again/);
        assert.equal((await line.host.observe(project, 'quick', signal)).state?.epoch, 1);
        await sandbox.onHost('host-1', 'rm /usr/local/bin/docker');
        await stack.recovers(line.host);
      } finally {
        await sandbox.onHost('host-1', 'rm -f /usr/local/bin/docker');
        await closeLine(line);
      }
    },
  };
}
