/** The real host driver. It hands out hosts; all hosts of one target share one SSH connection. */
import type { TaskRunner } from '../base/threads/task-runner.ts';
import type { AddressRules } from '../base/address-rules.ts';
import { firewallRollbackSeconds } from './bootstrap/script.ts';
import type { Host, HostDriver, HostTarget } from './host.ts';
import { RemoteHost } from './remote-host.ts';
import type { RemoteHostLimits } from './remote-host.ts';
import type { Session } from './session.ts';
import { KeyRing } from './ssh/key-ring.ts';
import type { KeyTasks } from './ssh/key-tasks.ts';
import { ConnectionPool } from './ssh/pool.ts';
import type { Connection } from './ssh/connection.ts';
import type { HostLogger } from './ssh/pool.ts';

export type { HostLogger } from './ssh/pool.ts';

export interface HostDriverOptions {
  /** Is told when connections open and close. */
  readonly logger?: HostLogger;
  /** Who opens encrypted SSH keys. Default: this thread, for programs that serve one person. */
  readonly tasks?: TaskRunner<KeyTasks>;
  /** Which addresses may be connected to; default: all. */
  readonly addresses?: AddressRules;
  /** So many drivers connect to the same hosts. Each has its part of the logins at one sshd. Default 1. */
  readonly drivers?: number;
  /**
   * Limit for starting and stopping services on the host. Waiting for a healthy dependency counts. Default
   * 900.
   */
  readonly composeTimeoutSeconds?: number;
  /** Limit for the set-up script on the host, package installation included. Default 1800. */
  readonly setupTimeoutSeconds?: number;
  /** After this time, the host rolls back a firewall that locks us out. Default 120. */
  readonly firewallRollbackSeconds?: number;
}

/** @example const driver = createHostDriver(); const seen = await driver.host(target).observe(project, 'quick', signal); */
export function createHostDriver(options: HostDriverOptions = {}): HostDriver {
  const limits = {
    composeSeconds: options.composeTimeoutSeconds ?? 900,
    setupSeconds: options.setupTimeoutSeconds ?? 1800,
    firewallRollbackSeconds: options.firewallRollbackSeconds ?? firewallRollbackSeconds,
  };
  const pool = new ConnectionPool(
    options.logger,
    new KeyRing(options.tasks),
    options.addresses,
    options.drivers,
  );
  return new SshHostDriver(limits, pool);
}

class SshHostDriver implements HostDriver {
  readonly #pool: ConnectionPool;
  readonly #sessions = new WeakMap<Connection, Session>();
  readonly #limits: RemoteHostLimits;

  constructor(limits: RemoteHostLimits, pool: ConnectionPool) {
    this.#pool = pool;
    this.#limits = limits;
  }

  host(target: HostTarget): Host {
    return new RemoteHost({
      target,
      limits: this.#limits,
      session: async (signal) => await this.#session(await this.#pool.get(target, signal)),
      reset: () => this.#pool.reset(target),
    });
  }

  closeIdle(idleSeconds: number): void {
    this.#pool.closeIdle(idleSeconds);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  async #session(connection: Connection): Promise<Session> {
    // This loads the Docker client with the first connection, so an operator without stacks does not carry
    // it.
    const { Session } = await import('./session.ts');
    const known = this.#sessions.get(connection);
    if (known !== undefined) return known;
    const session = new Session(connection);
    this.#sessions.set(connection, session);
    return session;
  }
}
