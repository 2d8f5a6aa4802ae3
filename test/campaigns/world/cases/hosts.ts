/**
 * Hosts that are not as the sandbox's usual one: their shell, their Docker, their disk, their firewall, their
 * way out.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { hostRemarks } from '../../../../controllers/stack/index.ts';
import { aStack, facts } from '../../../../controllers/stack/testing.ts';
import { createHostDriver } from '../../../../host-driver/connect.ts';
import type { Host, HostDriver, HostTarget } from '../../../../host-driver/host.ts';
import { ConnectionPool } from '../../../../host-driver/ssh/pool.ts';
import { startTestingServer } from '../../../../host-driver/ssh/testing-server.ts';
import { driverSandbox } from '../../../support/driver-sandbox.ts';
import type { DriverSandbox } from '../../../support/driver-sandbox.ts';
import { aFence, aJob, aRelease } from '../../../support/host-builders.ts';
import { waitFor } from '../../../support/wait.ts';
import type { Part, Scene, WorldCase } from '../scene.ts';

const signal = new AbortController().signal;
const nothing = (): void => undefined;

interface Hosts {
  readonly sandbox: DriverSandbox;
  readonly driver: HostDriver;
}

/** A Debian 12 whose Docker has a disk of its own. The cases add everything else that is strange about it. */
const hosts: Part<Hosts> = {
  open: async () => ({
    sandbox: await driverSandbox('world-hosts', [{ name: 'host-1', debian: 12, dataRootMiB: 2048 }]),
    driver: createHostDriver(),
  }),
  close: async ({ sandbox, driver }) => {
    await driver.close();
    await sandbox.sandbox.down();
  },
};

/** Their changes concern the whole host, so the cases take turns. */
function alone(work: WorldCase['run']): WorldCase['run'] {
  return (scene) => {
    const turn = last.then(() => work(scene));
    last = turn.catch(nothing);
    return turn;
  };
}
let last: Promise<void> = Promise.resolve();

/** The host, with a release applied under its own project. */
async function applied(scene: Scene, project: string): Promise<Hosts & { readonly host: Host }> {
  const { sandbox, driver } = await scene.part(hosts);
  const { image, credentials } = sandbox;
  const host = driver.host(sandbox.target('host-1'));
  const release = aRelease(project, image, { webPorts: ['80'] });
  await host.claim(project, aFence(), signal);
  await host.setUp(project, { mode: 'Managed' }, aFence(), signal);
  await host.writeRelease(project, release, aFence(), signal);
  await host.pull([image], credentials, nothing, signal);
  await host.composeUp(project, release, 'all', aFence(), signal);
  return { sandbox, driver, host };
}

/** Sends a first line in plain text, then ends, as sshd does when it refuses to talk. */
async function refusing(firstLine: string, work: (target: HostTarget) => Promise<void>): Promise<void> {
  const server = createServer((socket) => socket.end(firstLine));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await work({
      address: '127.0.0.1',
      port,
      user: 'jtel',
      hostKeyFingerprints: ['SHA256:none'],
      privateKey: await aKey(),
    });
  } finally {
    server.close();
  }
}

async function aKey(): Promise<string> {
  await using server = await startTestingServer();
  return server.target.privateKey;
}

export const cases: readonly WorldCase[] = [
  {
    id: 'W7',
    title: 'what a login shell prints is no part of an answer',
    needs: 'nothing',
    run: async () => {
      await using server = await startTestingServer({
        shellSays: 'welcome\n{"owner":"nobody"}\n',
        onCommand: (_command, channel) => {
          channel.write('the answer');
          channel.exit(0);
          channel.end();
        },
      });
      const pool = new ConnectionPool();
      const connection = await pool.get(server.target, signal);
      assert.equal((await connection.execute('x', { timeoutSeconds: 5 }, signal)).stdout, 'the answer');
      await pool.close();
    },
  },
  {
    id: 'W7',
    title: 'a host whose shell says welcome is claimed and applied like any other',
    needs: 'sandbox',
    limitSeconds: 600,
    run: alone(async (scene) => {
      const { sandbox } = await scene.part(hosts);
      await sandbox.onHost('host-1', "sed -i '1i echo welcome' /home/jtel/.bashrc");
      const project = 'jtel-world-w7';
      const { host } = await applied(scene, project);
      const seen = await host.observe(project, 'full', signal);
      assert.deepEqual([seen.state?.epoch, seen.containers.length, seen.facts.loginNoise], [1, 2, 'welcome']);
      await sandbox.onHost('host-1', "sed -i '/^echo welcome$/d' /home/jtel/.bashrc");
      await host.destroy(project, aFence(), signal);
    }),
  },
  {
    id: 'W14',
    title: 'Docker 20.10 starts a release whose health checks ask for more than it knows',
    needs: 'sandbox',
    limitSeconds: 600,
    run: alone(async (scene) => {
      const project = 'jtel-world-w14';
      const { host } = await applied(scene, project);
      const seen = await waitFor('the release to be healthy', async () => {
        const now = await host.observe(project, 'full', signal);
        return (
          now.containers.every(({ state, health }) => state === 'running' && health !== 'starting') && now
        );
      });
      assert.match(seen.facts.dockerVersion ?? '', /^20\.10/);
      await host.destroy(project, aFence(), signal);
    }),
  },
  {
    id: 'W15',
    title: 'the disk that is told is that of Docker, where it is',
    needs: 'sandbox',
    limitSeconds: 600,
    run: alone(async (scene) => {
      const { sandbox, driver } = await scene.part(hosts);
      const { facts: seen } = await driver
        .host(sandbox.target('host-1'))
        .observe('jtel-world-w15', 'full', signal);
      assert.equal(seen.dataRoot, '/srv/data/docker');
      assert.ok(
        seen.diskTotalBytes < 2049 * 2 ** 20,
        `${seen.diskTotalBytes} bytes is not the disk of 2 GiB`,
      );
    }),
  },
  {
    id: 'W21',
    title: "jobs take the host's own way out, and nobody reads its password",
    needs: 'sandbox',
    limitSeconds: 600,
    run: alone(async (scene) => {
      const project = 'jtel-world-w21';
      const { sandbox, host } = await applied(scene, project);
      const set = (line: string) =>
        sandbox.onHost(
          'host-1',
          `${line}; service docker restart >/dev/null 2>&1; until docker version >/dev/null 2>&1; do sleep 0.2; done`,
        );
      await set('echo "export HTTPS_PROXY=\'http://u:hunter2@proxy.example:3128\'" >>/etc/default/docker');
      // The restart closes the sockets that were open. The first question notices that.
      await waitFor(
        'Docker',
        async () =>
          (await host.observe(project, 'full', signal).catch(nothing))?.facts.dockerVersion !== undefined,
      );
      const job = aJob('world-w21', project, sandbox.image, {
        command: ['sh', '-c', 'echo "{\\"result\\":$(cat /run/job/proxy.json)}"'],
      });
      await host.startJob(project, job, aFence(), signal);
      const report = await waitFor('the job', async () => {
        const read = await host.readJob('world-w21', signal);
        return read?.job.state === 'Succeeded' && read;
      });
      assert.deepEqual(report.result, { HTTPS_PROXY: 'http://u:hunter2@proxy.example:3128' });
      assert.ok(!(await sandbox.onHost('host-1', 'docker inspect jtel-job-world-w21')).includes('hunter2'));
      await set('sed -i /hunter2/d /etc/default/docker');
      await host.destroy(project, aFence(), signal);
    }),
  },
  {
    id: 'W22',
    title: 'an address that is named and lies in a network of Docker is told',
    needs: 'nothing',
    run: () => {
      const stack = aStack();
      const spec = {
        ...stack.spec,
        network: { fqdn: 'a.example', allow: { sip: [{ name: 'pbx', cidr: '172.18.0.7/32' }] } },
      };
      const remarks = hostRemarks(
        { ...stack, spec },
        facts({ bridges: [{ name: 'acme_default', subnet: '172.18.0.0/16' }] }),
      );
      assert.match(remarks.join(), /172\.18\.0\.7\/32 \(spec\.network\.allow\.sip\)/);
    },
  },
  {
    id: 'W32',
    title: "Docker's rules come back after a flush, and nothing stops",
    needs: 'sandbox',
    limitSeconds: 600,
    run: alone(async (scene) => {
      const project = 'jtel-world-w32';
      const { sandbox, host } = await applied(scene, project);
      const started = () =>
        sandbox.onHost(
          'host-1',
          `docker ps -q --filter label=com.docker.compose.project=${project} | xargs docker inspect -f '{{.Id}} {{.State.StartedAt}}' | sort`,
        );
      const before = await started();
      // The sandbox's own entry there leads to its name server.
      await sandbox.onHost(
        'host-1',
        'nft list ruleset >/root/rules; nft flush table ip filter; nft delete table ip filter; nft flush table ip nat; nft delete table ip nat',
      );
      assert.deepEqual((await host.observe(project, 'full', signal)).changed, ['docker-rules']);
      await host.setUp(project, { mode: 'Managed' }, aFence(), signal);
      assert.deepEqual((await host.observe(project, 'full', signal)).changed, []);
      assert.equal(await started(), before);
      await host.destroy(project, aFence(), signal);
      await sandbox.sandbox.faults('host-1').reboot();
    }),
  },
  {
    id: 'W33',
    title: 'a ban is told as a ban, and the same door is not tried with another key meanwhile',
    needs: 'nothing',
    run: async () => {
      await refusing('Not allowed at this time\r\n', async (target) => {
        const pool = new ConnectionPool();
        const banned = { reason: 'AddressBanned', message: /15 s at least and 10 min at most/ };
        await assert.rejects(pool.get(target, signal), banned);
        await assert.rejects(
          pool.get({ ...target, port: target.port, privateKey: await aKey() }, signal),
          banned,
        );
        await pool.close();
      });
      await refusing('Exceeded MaxStartups\r\n', async (target) => {
        const pool = new ConnectionPool();
        await assert.rejects(pool.get(target, signal), { reason: 'HostUnreachable', message: /MaxStartups/ });
        await pool.close();
      });
    },
  },
];
