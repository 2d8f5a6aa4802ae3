/** The machine itself is in trouble: it reboots, its Docker is away or hangs, its disks take nothing, its clock is wrong. */
import assert from 'node:assert/strict';
import type { HostErrorReason } from '../../../host-driver/host.ts';
import { aFence } from '../../support/host-builders.ts';
import { waitFor } from '../../support/wait.ts';
import type { CampaignCase, CampaignForm } from '../campaign.ts';
import type { Scene } from '../world/scene.ts';
import { madeContainers, removedContainers } from './ten-thousand.ts';
import { checkTold, closeLine, failureOf, lineTo, oneStack, signal, type Stack } from './stage.ts';

interface Told {
  readonly reasons: readonly HostErrorReason[];
  readonly message: RegExp;
}

interface Trouble {
  readonly name: string;
  readonly isLong?: true;
  /** On the host, as root. */
  readonly begin: string;
  readonly end: string;
  /** By the call that meets it. A call that is not named succeeds. */
  readonly told: {
    readonly observe?: Told;
    readonly writeRelease?: Told;
    readonly composeUp?: Told;
    readonly destroy?: Told;
  };
  /** Among the facts of a look. */
  readonly fullPlaces?: readonly string[];
}

const hangs: Told = {
  reasons: ['DockerHangs'],
  message: /Docker on .* does not answer .*, although the host does/,
};
const away: Told = { reasons: ['DockerUnavailable'], message: /no Docker daemon answers/ };
const fill = (directory: string): string =>
  `dd if=/dev/zero of=${directory}/jtel-fill bs=4k 2>/dev/null; dd if=/dev/zero of=${directory}/jtel-fill-2 bs=1 2>/dev/null; true`;
const full = (where: RegExp): Told => ({ reasons: ['DiskFull'], message: where });

const troubles: readonly Trouble[] = [
  {
    name: 'dockerd hangs',
    begin: 'pkill -STOP -x dockerd',
    end: 'pkill -CONT -x dockerd',
    told: { observe: hangs, composeUp: hangs },
  },
  {
    name: 'dockerd hangs, and whoever removes a stack asks it',
    isLong: true,
    begin: 'pkill -STOP -x dockerd',
    end: 'pkill -CONT -x dockerd',
    told: { observe: hangs, composeUp: hangs, destroy: hangs },
  },
  {
    name: 'dockerd is stopped',
    begin: 'service docker stop >/dev/null 2>&1; while pgrep -x dockerd >/dev/null; do sleep 0.1; done',
    end: 'service docker start >/dev/null 2>&1; until docker version >/dev/null 2>&1; do sleep 0.2; done',
    told: { composeUp: away, destroy: away },
    isLong: true,
  },
  {
    name: '/run is full',
    // A container that ends leaves room for the next one.
    begin: `docker rm -f $(docker ps -q --filter label=com.docker.compose.service=web) >/dev/null; mount -o remount,size=2M /run; ${fill('/run')}`,
    end: 'rm -f /run/jtel-fill*; mount -o remount,size=1G /run',
    // It may be an unhealthy container first: health checks fail, too.
    told: {
      composeUp: {
        reasons: ['DiskFull', 'ComposeFailed'],
        message: /no disk space left on .*\/run|full: \/run/,
      },
    },
    fullPlaces: ['/run'],
  },
  {
    name: '/tmp is full',
    isLong: true,
    begin: `mount -t tmpfs -o size=64k none /tmp; ${fill('/tmp')}`,
    end: 'umount /tmp',
    told: {},
    fullPlaces: ['/tmp'],
  },
  {
    name: 'the disk has no inodes left',
    isLong: true,
    begin:
      'mkdir /opt/jtel/fill; cd /opt/jtel/fill; seq 1000000 | xargs touch 2>/dev/null; [ "$(stat -f -c %d .)" = 0 ]',
    end: 'rm -rf /opt/jtel/fill',
    told: { writeRelease: full(/no inodes left on \/opt\/jtel/), composeUp: full(/inodes left on/) },
    fullPlaces: ['/opt/jtel'],
  },
  {
    name: 'the disk with our files is read-only',
    begin: 'mount -o remount,ro,bind /opt/jtel',
    end: 'mount -o remount,rw,bind /opt/jtel',
    told: {
      writeRelease: { reasons: ['DiskReadOnly'], message: /can write nothing on \/opt\/jtel/ },
      composeUp: { reasons: ['DiskReadOnly'], message: /can write nothing on \/opt\/jtel/ },
      destroy: { reasons: ['DiskReadOnly'], message: /can write nothing on \/opt\/jtel/ },
    },
  },
  {
    name: 'Docker goes away in the middle of a removal',
    begin: `printf '#!/bin/sh\\n[ "$1" != ps ] || exit 1\\nexec /usr/bin/docker "$@"\\n' >/usr/local/bin/docker; chmod 755 /usr/local/bin/docker`,
    end: 'rm /usr/local/bin/docker',
    told: {
      composeUp: { reasons: ['ComposeFailed'], message: /docker compose failed/ },
      destroy: away,
    },
  },
  {
    name: 'Docker has ten thousand containers',
    isLong: true,
    begin: madeContainers,
    end: removedContainers,
    told: {},
  },
  {
    name: 'Docker has containers whose list is 50 MB long',
    isLong: true,
    begin: `seq 35 | awk '{ printf "big%d=%060000d\\n", $1, 0 }' >/disk/label
      image=$(docker image ls -q | head -n 1)
      for i in $(seq 25); do docker create --name big-$i --label-file /disk/label $image true >/dev/null || exit 1; done
      [ "$(curl -s --unix-socket /run/docker.sock 'http://d/containers/json?all=1' | wc -c)" -gt 50000000 ]`,
    end: 'docker rm -f $(docker ps -aq --filter name=^big-) >/dev/null; rm /disk/label',
    told: {},
  },
];

export function machineCases(scene: Scene, form: CampaignForm): readonly CampaignCase[] {
  return [
    ...troubles.filter((each) => form === 'long' || each.isLong !== true).map((each) => aCase(scene, each)),
    reboot(scene),
    ...(form === 'long' ? [restarted(scene)] : []),
  ];
}

function aCase(scene: Scene, { name, begin, end, told, fullPlaces }: Trouble): CampaignCase {
  return {
    name,
    limitSeconds: 600,
    run: async () => {
      const stack = await scene.part(oneStack);
      const { sandbox, project } = stack;
      const line = await lineTo(sandbox);
      const { host } = line;
      const as = (error: Parameters<typeof checkTold>[0], expected: Told | undefined): void =>
        expected === undefined
          ? assert.equal(error, undefined)
          : checkTold(error, expected.reasons, expected.message);
      try {
        await host.observe(project, 'full', signal);
        const wanted = stack.next();
        if (told.writeRelease === undefined) await host.writeRelease(project, wanted, aFence(), signal);
        await sandbox.onHost('host-1', begin);
        try {
          // At the same time, so a daemon that hangs is waited for once.
          const [seen, up] = await Promise.all([
            host.observe(project, 'full', signal).then(
              (value) => ({ value }),
              (error: unknown) => ({ error }),
            ),
            failureOf(
              host
                .writeRelease(project, wanted, aFence(), signal)
                .then(() => host.composeUp(project, wanted, 'all', aFence(), signal)),
            ),
          ]);
          if ('value' in seen) {
            assert.equal(told.observe, undefined);
            assert.deepEqual(seen.value.facts.fullPlaces, fullPlaces);
          } else as(await failureOf(Promise.reject(seen.error as Error)), told.observe);
          as(up, told.writeRelease ?? told.composeUp);
          if (told.destroy !== undefined)
            as(await failureOf(host.destroy(project, aFence(), signal)), told.destroy);
        } finally {
          await sandbox.onHost('host-1', end);
        }
        await stack.recovers(host);
      } finally {
        await closeLine(line);
      }
    },
  };
}

/** Everything on the host ends in the middle of a change. */
function reboot(scene: Scene): CampaignCase {
  return inTheMiddle(
    scene,
    'the host loses power in the middle of a change',
    async ({ sandbox: { sandbox } }) => {
      await sandbox.faults('host-1').kill();
      await sandbox.faults('host-1').start();
    },
  );
}

function restarted(scene: Scene): CampaignCase {
  return inTheMiddle(scene, 'dockerd is restarted in the middle of a change', async ({ sandbox }) => {
    await sandbox.onHost('host-1', 'service docker restart >/dev/null 2>&1');
  });
}

function inTheMiddle(scene: Scene, name: string, happens: (stack: Stack) => Promise<void>): CampaignCase {
  return {
    name,
    limitSeconds: 600,
    run: async () => {
      const stack = await scene.part(oneStack);
      const line = await lineTo(stack.sandbox);
      const { host } = line;
      const { project, sandbox } = stack;
      try {
        const wanted = stack.next();
        await host.writeRelease(project, wanted, aFence(), signal);
        const ends = failureOf(host.composeUp(project, wanted, 'all', aFence(), signal));
        await waitFor('the step', () =>
          sandbox.onHost('host-1', `grep ^up /opt/jtel/${project}/lock || true`),
        );
        await happens(stack);
        const error = await ends;
        if (error !== undefined)
          checkTold(
            error,
            ['OutcomeUnknown', 'HostUnreachable', 'ComposeFailed', 'DockerUnavailable'],
            /lost|docker compose failed|no Docker daemon|no SSH connection/,
          );
        await stack.recovers(host);
      } finally {
        await closeLine(line);
      }
    },
  };
}
