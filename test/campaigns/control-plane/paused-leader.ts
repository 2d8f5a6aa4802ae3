/**
 * A leader that stands still, as a virtual machine that is suspended, and goes on after another process has taken over. The call
 * that was under way has its answer then.
 */
import { LeadershipLost } from '../../../runtime/errors.ts';
import type { HostDriver } from '../../../host-driver/host.ts';
import { passedCluster, isWrite } from '../../support/counted-cluster.ts';
import type { Interference } from '../../support/world/interference.ts';
import { reading } from '../../support/world/world.ts';

export class PausedLeader {
  readonly #pauseAt: number;
  #calls = 0;
  #gate: PromiseWithResolvers<void> | undefined;
  #isLeader = true;
  /** Changes of hosts that began after it had gone on. */
  readonly changes: string[] = [];

  /** @param pauseAt the call, of the API or a host, during which it stands still, from 1 */
  constructor(pauseAt = Number.POSITIVE_INFINITY) {
    this.#pauseAt = pauseAt;
  }

  get calls(): number {
    return this.#calls;
  }

  get isPaused(): boolean {
    return this.#gate !== undefined;
  }

  /** By its clock, it leads no more. */
  goOn(): void {
    this.#isLeader = false;
    this.#gate?.resolve();
  }

  interference(): Interference {
    return {
      mayAct: () => this.#isLeader,
      api: (cluster) =>
        passedCluster(cluster, async (call, run) => {
          // As `ClusterClient.fencedBy`.
          if (isWrite(call) && !this.#isLeader) throw new LeadershipLost('not the leader');
          const answer = await run();
          await this.#pass();
          return answer;
        }),
      hosts: (driver) => this.#hosts(driver),
    };
  }

  async #pass(): Promise<void> {
    this.#calls += 1;
    if (this.#calls >= this.#pauseAt) this.#gate ??= Promise.withResolvers();
    await this.#gate?.promise;
  }

  #hosts(driver: HostDriver): HostDriver {
    return {
      host: (target) =>
        new Proxy(driver.host(target), {
          get: (host, method) => {
            const value: unknown = Reflect.get(host, method, host);
            if (typeof value !== 'function') return value;
            if (method === 'events') return value.bind(host) as unknown;
            return async (...given: unknown[]): Promise<unknown> => {
              const name = String(method);
              if (!this.#isLeader && !reading.has(name)) this.changes.push(name);
              const answer: unknown = await Reflect.apply(value, host, given);
              await this.#pass();
              return answer;
            };
          },
        }),
      closeIdle: (seconds) => driver.closeIdle(seconds),
      close: () => driver.close(),
    };
  }
}
