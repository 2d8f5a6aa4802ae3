/** At the address is another machine, or the same one with another key. */
import assert from 'node:assert/strict';
import { aFence } from '../../support/host-builders.ts';
import type { CampaignCase } from '../campaign.ts';
import type { Part, Scene } from '../world/scene.ts';
import { driverSandbox, type DriverSandbox } from '../../support/driver-sandbox.ts';
import { checkTold, closeLine, failureOf, lineTo, signal, Stack } from './stage.ts';

const twoHosts: Part<DriverSandbox> = {
  open: () => driverSandbox('hosts-two', [{ name: 'host-1' }, { name: 'host-2' }]),
  close: ({ sandbox }) => sandbox.down(),
};

const key = '/etc/ssh/ssh_host_ed25519_key';

export function identityCases(scene: Scene): readonly CampaignCase[] {
  return [
    {
      name: 'the host has another host key, and its own again',
      limitSeconds: 600,
      run: async () => {
        const stack = await Stack.on(await scene.part(twoHosts), 'jtel-hosts-key');
        const { sandbox, project } = stack;
        const line = await lineTo(sandbox);
        try {
          await sandbox.onHost('host-1', `cp -p ${key} /root/key; cp -p ${key}.pub /root/key.pub`);
          await sandbox.sandbox.faults('host-1').changeHostKey();
          for (const call of [
            line.host.observe(project, 'quick', signal),
            line.host.destroy(project, aFence(), signal),
          ])
            checkTold(await failureOf(call), ['HostKeyMismatch'], /SHA256:/);
          await sandbox.onHost(
            'host-1',
            `cp -p /root/key ${key}; cp -p /root/key.pub ${key}.pub; pkill -HUP -o -x sshd`,
          );
          stack.next();
          await stack.recovers(line.host);
        } finally {
          await closeLine(line);
          await stack.destroy();
        }
      },
    },
    {
      name: 'the address is another machine, first with its own key, then with that of the first',
      limitSeconds: 600,
      run: async () => {
        const stack = await Stack.on(await scene.part(twoHosts), 'jtel-hosts-address');
        const { sandbox, project } = stack;
        const line = await lineTo(sandbox);
        const reset = (name: string) => {
          const { address, port } = sandbox.target(name);
          line.proxy.retarget({ host: address, port });
          line.proxy.dropAll();
        };
        const remains = () => sandbox.onHost('host-2', 'ls -A /opt/jtel; docker ps -aq');
        try {
          const { machineID } = (await line.host.observe(project, 'full', signal)).facts;
          reset('host-2');
          checkTold(
            await failureOf(line.host.destroy(project, aFence(), signal)),
            ['HostKeyMismatch', 'OutcomeUnknown', 'HostUnreachable'],
            /SHA256:|lost/,
          );
          checkTold(
            await failureOf(line.host.composeStop(project, aFence(), signal)),
            ['HostKeyMismatch'],
            /SHA256:/,
          );
          assert.equal(await remains(), '');
          const privateKey = await sandbox.onHost('host-1', `cat ${key}`);
          await sandbox.onHost(
            'host-2',
            `cp -p ${key} /root/key; cat >${key} <<'END'\n${privateKey}\nEND\npkill -HUP -o -x sshd`,
          );
          // A pause follows a refused key, so somebody else asks.
          const clone = await lineTo(sandbox, 'host-1');
          const { address, port } = sandbox.target('host-2');
          clone.proxy.retarget({ host: address, port });
          const seen = await clone.host.observe(project, 'full', signal);
          assert.notEqual(seen.facts.machineID, machineID);
          assert.equal(seen.state, undefined);
          for (const call of [
            clone.host.writeRelease(project, stack.wanted, aFence(), signal),
            clone.host.composeUp(project, stack.wanted, 'all', aFence(), signal),
            clone.host.record(project, { data: { source: 'x' } }, aFence(), signal),
          ])
            checkTold(await failureOf(call), ['Fenced'], /was refused/);
          await closeLine(clone);
          // Only the helper script, which changes nothing by itself.
          assert.match(await remains(), /^(\.bin)?$/);
          await sandbox.onHost('host-2', `cp -p /root/key ${key}; pkill -HUP -o -x sshd`);
          reset('host-1');
          stack.next();
          await stack.recovers(line.host);
        } finally {
          await closeLine(line);
          await stack.destroy();
        }
      },
    },
  ];
}
