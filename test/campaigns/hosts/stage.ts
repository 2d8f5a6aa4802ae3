/**
 * What the cases of campaign `hosts` have in common: real hosts with a stack on them, a line to them that
 * can break, and the questions at the end of each case.
 */
import assert from 'node:assert/strict';
import { createHostDriver } from '../../../host-driver/connect.ts';
import {
  HostError,
  type Host,
  type HostDriver,
  type HostErrorReason,
  type HostTarget,
  type RenderedRelease,
} from '../../../host-driver/host.ts';
import { driverSandbox, type DriverSandbox } from '../../support/driver-sandbox.ts';
import { aFence, aFile, aRelease } from '../../support/host-builders.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { waitFor } from '../../support/wait.ts';
import type { Part } from '../world/scene.ts';

export const signal = new AbortController().signal;
export const nothing = (): void => undefined;
const secret = 'canary-password';
/** What a user put into the stack's data. Nobody may overwrite it. */
const written = 'calls of ten years';

export interface Line {
  readonly driver: HostDriver;
  readonly host: Host;
  readonly proxy: TcpProxy;
  readonly target: HostTarget;
}

/** On one host, for most cases. They take turns, because their faults concern all of it. */
export const oneStack: Part<Stack> = {
  open: async () =>
    await Stack.on(await driverSandbox('hosts', [{ name: 'host-1', diskMiB: 2048 }]), 'jtel-demo-hosts'),
  close: ({ sandbox: { sandbox } }) => sandbox.down(),
};

/** A line to a host that can break. The caller closes it. */
export async function lineTo(sandbox: DriverSandbox, name = 'host-1'): Promise<Line> {
  const target = sandbox.target(name);
  const proxy = await TcpProxy.to({ host: target.address, port: target.port });
  const driver = createHostDriver({ composeTimeoutSeconds: 60 });
  const through = { ...target, address: '127.0.0.1', port: proxy.port };
  return { driver, proxy, host: driver.host(through), target: through };
}

export async function closeLine({ driver, proxy }: Line): Promise<void> {
  await driver.close();
  await proxy.close();
}

/** A stack with data on a host, and the version of it that is wanted now. */
export class Stack {
  readonly sandbox: DriverSandbox;
  readonly project: string;
  readonly name: string;
  wanted: RenderedRelease;
  #version = 0;

  private constructor(sandbox: DriverSandbox, project: string, name: string) {
    this.sandbox = sandbox;
    this.project = project;
    this.name = name;
    this.wanted = this.next();
  }

  /** Applied, with data in it. */
  static async on(sandbox: DriverSandbox, project: string, name = 'host-1'): Promise<Stack> {
    const stack = new Stack(sandbox, project, name);
    await stack.#direct(async (host) => {
      await stack.bring(host);
      await sandbox.onHost(name, `echo '${written}' >${await stack.#volume()}/calls`);
      await host.record(project, { data: { source: 'vanilla 3.43.2' } }, aFence(), signal);
    });
    return stack;
  }

  /** Another configuration is wanted from now on: one service is made anew, and files are sent. */
  next(): RenderedRelease {
    this.#version += 1;
    return (this.wanted = aRelease(this.project, this.sandbox.image, {
      webSetting: `version ${this.#version}`,
      secret,
      files: [aFile(`${this.#version}${'x'.repeat(100_000)}`)],
    }));
  }

  /** All that an operator does until the stack is as wanted, from the beginning. */
  async bring(host: Host): Promise<void> {
    const { project, wanted, sandbox } = this;
    await host.claim(project, aFence(), signal);
    await host.writeRelease(project, wanted, aFence(), signal);
    await host.pull([sandbox.image], sandbox.credentials, nothing, signal);
    await host.composeUp(project, wanted, 'all', aFence(), signal);
    const applied = { digest: wanted.digest, version: wanted.version };
    await host.record(project, { applied }, aFence(), signal);
  }

  /** After the fault: it becomes as wanted over the same line, and nothing was overwritten. */
  async recovers(host: Host): Promise<void> {
    let last: unknown;
    await waitFor(
      () => `the stack to be as wanted (${String(last)})`,
      async () => {
        last = await this.bring(host).then(nothing, (error: unknown) => error);
        return last === undefined;
      },
      { timeoutSeconds: 120, intervalMilliseconds: 200 },
    );
    await this.#direct((direct) => this.#check(direct));
  }

  async destroy(): Promise<void> {
    await this.#direct((host) => host.destroy(this.project, aFence(), signal));
  }

  async #check(host: Host): Promise<void> {
    const { project, wanted, sandbox, name } = this;
    const seen = await waitFor('healthy containers', async () => {
      const now = await host.observe(project, 'full', signal);
      return now.containers.every(({ health }) => health !== 'starting') && now;
    });
    assert.deepEqual(seen.containers.map(({ service, state }) => `${service} ${state}`).toSorted(), [
      'db running',
      'web running',
    ]);
    assert.equal(seen.currentRelease, wanted.digest);
    assert.equal(seen.state?.applied?.digest, wanted.digest);
    assert.equal(seen.state?.data?.source, 'vanilla 3.43.2');
    assert.deepEqual(seen.changed, []);
    assert.deepEqual(seen.volumes, [`${project}_data`]);
    assert.equal(await sandbox.onHost(name, `cat ${await this.#volume()}/calls`), written);
    const web = `docker ps -q --filter label=com.docker.compose.project=${project} --filter label=com.docker.compose.service=web`;
    const setting = await sandbox.onHost(name, `docker inspect -f '{{.Config.Env}}' $(${web})`);
    assert.match(setting, new RegExp(`SETTING=version ${this.#version}\\b`));
    const rest = `cd /opt/jtel/${project} && ls -A | grep -E 'incoming|stdin|\\.new$' || true`;
    assert.equal(await sandbox.onHost(name, rest), '');
    await sandbox.onHost(name, `flock -w 30 /opt/jtel/${project}/lock true`);
  }

  async #volume(): Promise<string> {
    return await this.sandbox.onHost(
      this.name,
      `docker volume inspect -f '{{.Mountpoint}}' ${this.project}_data`,
    );
  }

  /** Not over the line that breaks. */
  async #direct<T>(work: (host: Host) => Promise<T>): Promise<T> {
    const driver = createHostDriver();
    try {
      return await work(driver.host(this.sandbox.target(this.name)));
    } finally {
      await driver.close();
    }
  }
}

/** What a call ended with. @returns undefined if it succeeded */
export async function failureOf(call: Promise<unknown>): Promise<HostError | undefined> {
  const error = await call.then(nothing, (caught: unknown) => caught);
  if (error === undefined) return undefined;
  assert.ok(error instanceof HostError, `not one of our errors: ${String(error)}`);
  assert.ok(!error.message.includes(secret), 'the message has a secret');
  return error;
}

/** The user is told a reason of these, and a sentence that names the host. */
export function checkTold(
  error: HostError | undefined,
  reasons: readonly HostErrorReason[],
  message: RegExp,
): void {
  assert.ok(error !== undefined, `it succeeded, and not ${reasons.join(' or ')}`);
  assert.ok(
    reasons.includes(error.reason),
    `${error.reason} and not ${reasons.join(' or ')}: ${error.message}`,
  );
  assert.match(error.message, message);
  assert.match(error.message, /\d+\.\d+\.\d+\.\d+/);
}
