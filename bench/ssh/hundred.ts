/** An sshd of its own on a host, with a hundred users, and the connections of one operator to all of them. */
import { createHostDriver } from '../../host-driver/connect.ts';
import type { Host, HostDriver, HostTarget } from '../../host-driver/host.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { waitFor } from '../../test/support/wait.ts';

export const userCount = 100;
const port = 2222;
const log = '/var/log/bench-sshd.log';
const pidFile = '/run/bench-sshd.pid';
const project = 'jtel-bench-hundred';

/** What sshd said of those whom it did not let in. */
export interface Refusals {
  readonly maxStartups: number;
  readonly penalties: number;
}

export interface Cost {
  /** Of this process, and of sshd on the host, for each connection. */
  readonly ourKilobytes: number;
  readonly theirKilobytes: number;
  readonly ourMilliseconds: number;
  readonly theirMilliseconds: number;
}

export class Hundred {
  readonly #sandbox: Sandbox;
  readonly #driver: HostDriver;
  readonly #hosts: readonly Host[];

  private constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
    this.#driver = createHostDriver();
    const { address, hostKeyFingerprint, privateKey } = sandbox.host('host-1');
    const target: Omit<HostTarget, 'user'> = {
      address,
      port,
      hostKeyFingerprints: [hostKeyFingerprint],
      privateKey,
    };
    this.#hosts = Array.from({ length: userCount }, (_, index) =>
      this.#driver.host({ ...target, user: `bench${index + 1}`, namespace: `customer-${index + 1}` }),
    );
  }

  /** Makes the users, and starts sshd with Debian's settings. */
  static async on(sandbox: Sandbox): Promise<Hundred> {
    const hundred = new Hundred(sandbox);
    await hundred.onHost(`rm -f ${log}`);
    await hundred.onHost(`
      for n in $(seq ${userCount}); do
        id bench$n >/dev/null 2>&1 && continue
        useradd --create-home --shell /bin/bash --password '*' --groups docker bench$n
        install -d -m 700 -o bench$n -g bench$n /home/bench$n/.ssh
        install -m 600 -o bench$n -g bench$n /home/jtel/.ssh/authorized_keys /home/bench$n/.ssh/authorized_keys
      done`);
    await hundred.#start();
    return hundred;
  }

  async onHost(script: string): Promise<string> {
    return (
      await this.#sandbox.docker.exec(this.#sandbox.host('host-1').container, ['sh', '-c', script], {
        timeoutSeconds: 300,
      })
    ).trim();
  }

  /** Asks all hosts at once until each has answered. @returns seconds */
  async all(): Promise<number> {
    const start = performance.now();
    await Promise.all(
      this.#hosts.map((host) =>
        waitFor(
          'a host that answers',
          () =>
            host.observe(project, 'quick', AbortSignal.timeout(60_000)).then(
              () => true,
              () => false,
            ),
          { timeoutSeconds: 120, intervalMilliseconds: 50 },
        ),
      ),
    );
    return (performance.now() - start) / 1000;
  }

  /** Opens all connections, and measures what they cost. */
  async cost(): Promise<Cost> {
    const [before, cpu, theirs] = [process.memoryUsage().rss, process.cpuUsage(), await this.#theirCPU()];
    await this.all();
    const used = process.cpuUsage(cpu);
    const theirMilliseconds = ((await this.#theirCPU()) - theirs) / 1000 / userCount;
    const pss = await this.onHost(
      "for p in $(pgrep -f 'sshd-session: bench'); do cat /proc/$p/smaps_rollup; done 2>/dev/null | awk '/^Pss:/ { s += $2 } END { print s }'",
    );
    return {
      ourKilobytes: (process.memoryUsage().rss - before) / 1024 / userCount,
      theirKilobytes: Number(pss) / userCount,
      ourMilliseconds: (used.user + used.system) / 1000 / userCount,
      theirMilliseconds,
    };
  }

  /** Ends sshd with all its connections, as a restart of the machine's service may, and starts it again. */
  async restart(): Promise<void> {
    await this.#stop();
    await this.#start();
  }

  async refusals(): Promise<Refusals> {
    const count = async (text: string) => Number(await this.onHost(`grep -c '${text}' ${log} || true`));
    return { maxStartups: await count('Maxstartups'), penalties: await count('penalt') };
  }

  async close(): Promise<void> {
    await this.#driver.close();
    await this.#stop();
  }

  async #start(): Promise<void> {
    await this.onHost(
      `/usr/sbin/sshd -p ${port} -E ${log} -o PidFile=${pidFile} -o LogLevel=VERBOSE; until [ -s ${pidFile} ]; do sleep 0.1; done`,
    );
  }

  async #stop(): Promise<void> {
    await this.onHost(
      `kill $(cat ${pidFile}); pkill -f '[s]shd-session: bench'; while pgrep -f '[s]shd-session: bench' || [ -e ${pidFile} ]; do sleep 0.1; done >/dev/null`,
    );
  }

  /** Microseconds of everything on the host. */
  async #theirCPU(): Promise<number> {
    return Number(
      await this.onHost(
        "cd /sys/fs/cgroup; awk '/^usage_usec/ { print $2 }' cpu.stat 2>/dev/null || awk '{ print $1 / 1000 }' cpuacct/cpuacct.usage",
      ),
    );
  }
}
