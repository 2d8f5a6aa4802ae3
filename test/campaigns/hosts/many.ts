/** Some of many hosts do not answer: the others are as if they were alone. */
import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { createHostDriver } from '../../../host-driver/connect.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { waitFor } from '../../support/wait.ts';
import type { CampaignCase, CampaignForm } from '../campaign.ts';
import type { Scene } from '../world/scene.ts';
import { checkTold, failureOf, nothing, oneStack, signal } from './stage.ts';

export function manyCases(scene: Scene, form: CampaignForm): readonly CampaignCase[] {
  return form === 'short' ? [] : [aCase(scene, 1), aCase(scene, 50)];
}

function aCase(scene: Scene, dead: number): CampaignCase {
  return {
    name: `${dead} of ${dead + 10} hosts take connections and say nothing`,
    limitSeconds: 600,
    run: async () => {
      const stack = await scene.part(oneStack);
      const target = stack.sandbox.target('host-1');
      const to = { host: target.address, port: target.port };
      const driver = createHostDriver();
      // Not the host itself: its sshd would ban whoever connects so often and does not log in.
      const nobody = createServer((socket) => void socket.on('error', nothing).resume());
      await new Promise<void>((resolve) => nobody.listen(0, '127.0.0.1', resolve));
      const silence = { host: '127.0.0.1', port: (nobody.address() as AddressInfo).port };
      const proxies = await Promise.all(
        Array.from({ length: dead + 10 }, (_, index) => TcpProxy.to(index < dead ? silence : to)),
      );
      const hosts = proxies.map(({ port }) => driver.host({ ...target, address: '127.0.0.1', port }));
      const silent = proxies.slice(0, dead);
      try {
        const told: string[] = [];
        const looks = hosts.map(async (host, index) => {
          const error = await failureOf(host.observe(stack.project, 'quick', signal));
          told.push(index < dead ? 'dead' : 'alive');
          if (index < dead) checkTold(error, ['HostUnreachable'], /no SSH connection to .*:\d+: /);
          else assert.equal(error, undefined);
        });
        await Promise.all(looks);
        // Nobody who answers waits until the last of the others has given up.
        assert.equal(told.at(-1), 'dead');
        for (const proxy of silent) {
          proxy.retarget(to);
          proxy.dropAll();
        }
        await Promise.all(
          hosts.map((host) =>
            waitFor('a host that answers again', () =>
              host.observe(stack.project, 'quick', signal).then(
                ({ state }) => state?.epoch === 1,
                () => false,
              ),
            ),
          ),
        );
        stack.next();
        await stack.recovers(driver.host(target));
      } finally {
        await driver.close();
        await Promise.all(proxies.map((proxy) => proxy.close()));
        nobody.close();
      }
    },
  };
}
