/**
 * In place of `host-driver/connect.ts`: each address has a host in memory that answers after a while, and all
 * calls are told to the harness. Loopback addresses go to the real driver, because what it does with hosts
 * that never answer is part of what is measured.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import type * as Real from '../../../host-driver/connect.ts';
import type * as FakeDriver from '../../../host-driver/fake/driver.ts';
import type { FakeMachine } from '../../../host-driver/fake/machine.ts';
import type { Host, HostDriver } from '../../../host-driver/host.ts';
import { sharedClock } from '../messages.ts';
import { ofTree, settings } from './settings.ts';
import { makeStrange } from './strange-machine.ts';
import { tellCall, tellObserved } from './tell.ts';

const real = await ofTree<typeof Real>('host-driver/connect.ts');
const { FakeHostDriver } = await ofTree<typeof FakeDriver>('host-driver/fake/driver.ts');

/** What outlives the process. */
type Disk = Pick<FakeMachine, 'facts' | 'setups' | 'firewall' | 'changed'> & {
  readonly projects: FakeMachine['projects'];
  readonly images: FakeMachine['images'];
};

export function createHostDriver(options: Real.HostDriverOptions): HostDriver {
  const ssh = real.createHostDriver(options);
  const fake = new FakeHostDriver();
  const { hostsFile, hostMilliseconds } = settings;
  const machine = (address: string): FakeMachine =>
    fake.machines.get(address) ??
    makeStrange(
      fake.add(address, {
        facts: { machineID: `machine-${address}` },
        latencyMilliseconds: hostMilliseconds,
      }),
    );
  if (hostsFile !== undefined)
    for (const [address, disk] of saved(hostsFile)) {
      const { projects, images, ...fields } = disk;
      const found = Object.assign(machine(address), fields);
      for (const [name, project] of projects) found.projects.set(name, project);
      for (const image of images) found.images.add(image);
    }
  return {
    host(target) {
      const { address } = target;
      if (address.startsWith('127.')) return told(ssh.host(target), address);
      // Nobody counts them here, and they would grow.
      machine(address).calls.length = 0;
      return told(fake.host(target), address);
    },
    closeIdle: (seconds) => ssh.closeIdle(seconds),
    async close() {
      await Promise.all([ssh.close(), fake.close()]);
      if (hostsFile !== undefined) save(hostsFile, fake.machines);
    },
  };
}

function saved(file: string): ReadonlyMap<string, Disk> {
  try {
    return deserialize(readFileSync(file)) as ReadonlyMap<string, Disk>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
}

function save(file: string, machines: ReadonlyMap<string, FakeMachine>): void {
  const disks = new Map(
    [...machines].map(([address, { facts, setups, firewall, changed, projects, images }]) => [
      address,
      { facts, setups, firewall, changed, projects, images } satisfies Disk,
    ]),
  );
  const made = `${file}.${process.pid}`;
  writeFileSync(made, serialize(disks));
  renameSync(made, file);
}

function told(host: Host, address: string): Host {
  return new Proxy(host, {
    get(inner, method) {
      const value: unknown = Reflect.get(inner, method, inner);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        tellCall({ address, method: String(method), startedAt: sharedClock() });
        const result: unknown = Reflect.apply(value, inner, args);
        if (method !== 'observe') return result;
        return Promise.resolve(result).then((seen) => {
          tellObserved({ address, endedAt: sharedClock() });
          return seen;
        });
      };
    },
  });
}
