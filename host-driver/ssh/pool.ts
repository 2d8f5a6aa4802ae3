/**
 * Keeps one SSH connection per host. It is opened when needed and shared by everything for the host.
 *
 * sshd punishes connects: MaxStartups drops parallel handshakes, and OpenSSH 9.8 and later ban an address after
 * a few failures. So connects pass a limit with jitter: one for each sshd, one for all that go directly, and one for
 * each jump host. In all, namespaces take turns, hosts that did not answer have few places, and who takes long gives
 * the place to others. After a failure the same endpoint gets a pause. A ban is for an address, so everybody
 * else who would connect to that sshd waits too.
 */
import { createHash } from 'node:crypto';
import type { AddressRules } from '../../base/address-rules.ts';
import { pauseSeconds, spread } from '../../base/back-off.ts';
import { HostError } from '../host.ts';
import type { HostTarget } from '../host.ts';
import { abortable } from './abortable.ts';
import { connect, endpointName, openTCP, tcpSeconds } from './connect.ts';
import type { Connected } from './connect.ts';
import { Connection } from './connection.ts';
import { forward } from './forward.ts';
import { KeyRing } from './key-ring.ts';
import { ReadingTurns } from './reading-turns.ts';
import { connectSpread, pauseAfter } from './unreachable-pauses.ts';
import { FairSemaphore } from '../../base/fair-semaphore.ts';

const connectsAtOnce = 30;
/** Who takes longer gives the place to others: most hosts answer within a fraction of a second. */
const parkAfterSeconds = 2;
const connectsAtOncePerJumpHost = 4;
/**
 * sshd drops some of those who come while ten have not logged in yet (MaxStartups 10:30:100). After a restart
 * of an sshd with many users all come at once.
 */
const connectsAtOncePerDoor = 8;

/** What the driver needs from a logger. winston's fits. */
export interface HostLogger {
  info(message: string, fields: object): unknown;
  warn(message: string, fields: object): unknown;
}

/** What an attempt waits for before anything is sent: its key to be opened, or its place among all who connect. */
interface Turn {
  awaits: 'Key' | 'Place' | undefined;
}

const whyNotAsked = {
  Key: 'to open its SSH key waits for what its namespace may take of the processor; a key without a passphrase does not wait',
  Place: 'too many others are connected to first',
} as const;

/** All callers share it. */
interface Attempt {
  readonly connection: Promise<Connection>;
  readonly abort: AbortController;
  readonly turn: Turn;
  callers: number;
}

/** State of one endpoint: at most one connection, and the memory of failures. */
class Entry {
  attempt: Attempt | undefined;
  connection: Connection | undefined;
  usedAt = Date.now();
  failures = 0;
  failure: HostError | undefined;
  retryAt = 0;
  toldNoise = false;
  jumps = new FairSemaphore(connectsAtOncePerJumpHost, { parkAfterSeconds });
}

export class ConnectionPool {
  readonly #entries = new Map<string, Entry>();
  /** By {@link doorOf}. */
  readonly #bans = new Map<string, { readonly error: HostError; readonly until: number }>();
  /** Doors where a login was refused and no login succeeded since. */
  readonly #refusals = new Set<string>();
  /** By {@link doorOf}, while somebody connects there. */
  readonly #doors = new Map<string, { readonly places: FairSemaphore; users: number }>();
  readonly #connects = new FairSemaphore(connectsAtOnce, { parkAfterSeconds });
  readonly #life = new AbortController();
  readonly #reading = new ReadingTurns();
  readonly #keys: KeyRing;
  readonly #logger: HostLogger | undefined;
  readonly #addresses: AddressRules | undefined;
  readonly #atDoorAtOnce: number;

  /** @param pools that connect to the same hosts; this one has its part of the logins at one sshd */
  constructor(logger?: HostLogger, keys = new KeyRing(), addresses?: AddressRules, pools = 1) {
    this.#logger = logger;
    this.#keys = keys;
    this.#addresses = addresses;
    this.#atDoorAtOnce = Math.max(1, Math.floor(connectsAtOncePerDoor / pools));
  }

  /**
   * Returns the open connection to the target, or opens one.
   * @throws HostError when that fails. `NotChecked`: the signal's time was over before a turn came to connect.
   */
  async get(target: HostTarget, signal: AbortSignal): Promise<Connection> {
    signal.throwIfAborted();
    this.#life.signal.throwIfAborted();
    const entry = this.#entry(target);
    entry.usedAt = Date.now();
    if (entry.connection?.isOpen) return entry.connection;
    if (entry.failure !== undefined && Date.now() < entry.retryAt) throw entry.failure;
    const ban = this.#bans.get(doorOf(target));
    if (ban !== undefined && Date.now() < ban.until) throw ban.error;
    this.#bans.delete(doorOf(target));
    entry.attempt ??= this.#begin(target, entry);
    const { turn } = entry.attempt;
    try {
      return await shared(entry.attempt, entry, signal);
    } catch (error) {
      const isLate = signal.aborted && (error as Partial<Error> | undefined)?.name === 'TimeoutError';
      const { jumpHost } = target;
      const before = jumpHost === undefined ? undefined : this.#entry(jumpHost).attempt?.turn;
      const awaits = turn.awaits ?? before?.awaits;
      if (!isLate || awaits === undefined) throw error;
      const name = endpointName(target);
      throw new HostError('NotChecked', name, `${name} was not asked yet: ${whyNotAsked[awaits]}`);
    }
  }

  /** Closes the connection to the target. The next use opens a new one, whose login has its new groups. */
  async reset(target: HostTarget): Promise<void> {
    const entry = this.#entry(target);
    const connection = entry.connection;
    entry.connection = undefined;
    if (connection === undefined) return;
    connection.end();
    await connection.closed;
  }

  closeIdle(idleSeconds: number): void {
    for (const [key, entry] of this.#entries) {
      if (entry.attempt !== undefined || entry.connection?.isBusy === true) continue;
      if (Date.now() - Math.max(entry.usedAt, entry.connection?.usedAt ?? 0) < idleSeconds * 1000) continue;
      entry.connection?.end();
      this.#entries.delete(key);
    }
  }

  async close(): Promise<void> {
    this.#life.abort(new Error('the host driver was closed'));
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(
      entries.map(async (entry) => {
        const connection = entry.connection ?? (await entry.attempt?.connection.catch(() => undefined));
        connection?.end();
        await connection?.closed;
      }),
    );
  }

  #entry(target: HostTarget): Entry {
    const key = targetKey(target);
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const entry = new Entry();
    this.#entries.set(key, entry);
    return entry;
  }

  #begin(target: HostTarget, entry: Entry): Attempt {
    const abort = new AbortController();
    const signal = AbortSignal.any([this.#life.signal, abort.signal]);
    const turn: Turn = { awaits: undefined };
    const connection = this.#open(target, entry, turn, signal).finally(() => {
      if (entry.attempt === attempt) entry.attempt = undefined;
    });
    const attempt: Attempt = { connection, abort, turn, callers: 0 };
    return attempt;
  }

  async #open(target: HostTarget, entry: Entry, turn: Turn, signal: AbortSignal): Promise<Connection> {
    try {
      const { client, hostKey } = await this.#connect(target, entry, turn, signal);
      if (signal.aborted) client.end();
      signal.throwIfAborted();
      const connection = new Connection(client, endpointName(target), hostKey);
      entry.connection = connection;
      this.#logger?.info('SSH connection opened', { host: connection.host });
      connection.onNoise = (noise) => {
        if (!entry.toldNoise)
          this.#logger?.warn('the login shell prints; it is ignored', { host: connection.host, noise });
        entry.toldNoise = true;
      };
      client.once('close', () => this.#logger?.info('SSH connection closed', { host: connection.host }));
      entry.failures = 0;
      entry.failure = undefined;
      this.#refusals.delete(doorOf(target));
      return connection;
    } catch (caught) {
      const error = caught instanceof HostError ? this.#withSuspicion(target, caught) : caught;
      if (error instanceof HostError) {
        entry.failures += 1;
        const seconds = pauseSeconds(pauseAfter(error), entry.failures);
        entry.failure = error;
        this.#logger?.warn('SSH connection failed', {
          host: error.host,
          reason: error.reason,
          message: error.message,
          pauseSeconds: seconds,
        });
        entry.retryAt = Date.now() + spread(seconds, connectSpread, Math.random) * 1000;
        if (error.reason === 'AddressBanned') this.#bans.set(doorOf(target), { error, until: entry.retryAt });
      }
      throw error;
    }
  }

  /** A door that closed after refused logins. fail2ban and the like ban too, and say nothing. */
  #withSuspicion(target: HostTarget, error: HostError): HostError {
    const door = doorOf(target);
    if (error.reason === 'AuthenticationFailed') this.#refusals.add(door);
    if (error.reason !== 'HostUnreachable' || !this.#refusals.has(door)) return error;
    const suspicion =
      'logins from here were refused before, so fail2ban or the like on the host may ban our address';
    return new HostError(error.reason, error.host, `${error.message}; ${suspicion}`, error.cause);
  }

  async #connect(
    target: HostTarget,
    { failure }: Entry,
    turn: Turn,
    signal: AbortSignal,
  ): Promise<Connected> {
    const { jumpHost, ...locked } = target;
    turn.awaits = 'Key';
    const endpoint = await this.#keys.open(locked, signal);
    turn.awaits = undefined;
    const wasAway = failure?.reason === 'HostUnreachable';
    const seconds = wasAway ? tcpSeconds.wasAway : tcpSeconds.unknown;
    const inTurn = async (
      places: FairSemaphore,
      work: () => Promise<Connected>,
      isSlow = wasAway,
    ): Promise<Connected> => {
      turn.awaits = 'Place';
      return await places.run(
        target.namespace ?? '',
        signal,
        () => {
          turn.awaits = undefined;
          return work();
        },
        isSlow,
      );
    };
    if (jumpHost === undefined) {
      const direct = () =>
        this.#spread(() =>
          connect(endpoint, signal, async () =>
            this.#reading.share(await openTCP(endpoint, this.#addresses, seconds)),
          ),
        );
      // Who waits for the door holds none of the places of all.
      return await this.#atDoor(target, (places) =>
        inTurn(places, () => inTurn(this.#connects, direct), false),
      );
    }
    const gate = await this.get(jumpHost, signal);
    const connected = await inTurn(this.#entry(jumpHost).jumps, () =>
      connect(endpoint, signal, async () =>
        this.#reading.share(await forward(gate, endpoint, signal, seconds)),
      ),
    );
    // The jump host's connection is in use while somebody uses the target.
    void gate.use(() => new Promise<void>((resolve) => connected.client.once('close', () => resolve())));
    return connected;
  }

  async #atDoor<T>(target: HostTarget, work: (places: FairSemaphore) => Promise<T>): Promise<T> {
    const key = doorOf(target);
    const door = this.#doors.get(key) ?? { places: new FairSemaphore(this.#atDoorAtOnce), users: 0 };
    this.#doors.set(key, door);
    door.users += 1;
    try {
      return await work(door.places);
    } finally {
      door.users -= 1;
      if (door.users === 0) this.#doors.delete(key);
    }
  }

  /** Delays a little when many connect at once, so sshd does not see them in one burst. */
  async #spread<T>(work: () => Promise<T>): Promise<T> {
    if (this.#connects.waiting > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
    return await work();
  }
}

/** Ends the attempt when the last of its callers leaves, so that it gives up its place. */
async function shared(attempt: Attempt, entry: Entry, signal: AbortSignal): Promise<Connection> {
  attempt.callers += 1;
  try {
    return await abortable(attempt.connection, signal);
  } finally {
    attempt.callers -= 1;
    if (attempt.callers === 0 && entry.attempt === attempt) {
      entry.attempt = undefined;
      attempt.abort.abort(new Error('nobody waits for the connection any more'));
    }
  }
}

/** Identifies what a ban is about: the sshd, and the place from which it is reached. */
function doorOf({ address, port, jumpHost }: HostTarget): string {
  return JSON.stringify([address, port, jumpHost?.address, jumpHost?.port]);
}

/** Two targets share a connection only if everything that decides about trust and identity is equal. */
function targetKey(target: HostTarget): string {
  const parts = [target, target.jumpHost].map(
    (one) =>
      one && [
        one.address,
        one.port,
        one.user,
        one.hostKeyFingerprints.toSorted(),
        one.privateKey,
        one.passphrase ?? null,
      ],
  );
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
