/**
 * The rules of each container, and the double's clock. A file keeps them, so a restart does not lift a
 * policy.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Accounts } from './azurite-process.ts';
import type { ContainerRule, NetworkRule } from './types.ts';

interface Saved {
  readonly containers: Readonly<Record<string, ContainerRule>>;
  readonly clockOffsetSeconds: number;
  /** Accounts that were added while it ran. */
  readonly accounts: Accounts;
  /** By account; the others admit everybody. */
  readonly networks: Readonly<Record<string, NetworkRule>>;
}

export class Rules {
  readonly #file: string | undefined;
  readonly #defaults: Readonly<Record<string, ContainerRule>>;
  #saved: Saved;

  /**
   * @param defaults by `account/container`, as long as nothing else was set
   * @param file undefined keeps all in memory
   */
  constructor(defaults: Readonly<Record<string, ContainerRule>>, file?: string) {
    this.#file = file;
    this.#defaults = defaults;
    this.#saved = {
      containers: {},
      clockOffsetSeconds: 0,
      accounts: {},
      networks: {},
      ...(file === undefined ? {} : readSaved(file)),
    };
  }

  of(account: string, container: string): ContainerRule {
    const key = `${account}/${container}`;
    return this.#saved.containers[key] ?? this.#defaults[key] ?? { kind: 'None' };
  }

  set(account: string, container: string, rule: ContainerRule): void {
    this.#save({
      ...this.#saved,
      containers: { ...this.#saved.containers, [`${account}/${container}`]: rule },
    });
  }

  get accounts(): Accounts {
    return this.#saved.accounts;
  }

  addAccount(name: string, key: string): void {
    this.#save({ ...this.#saved, accounts: { ...this.#saved.accounts, [name]: key } });
  }

  setNetwork(account: string, rule: NetworkRule): void {
    this.#save({ ...this.#saved, networks: { ...this.#saved.networks, [account]: rule } });
  }

  letsIn(account: string, address: string): boolean {
    const allow = this.#saved.networks[account]?.allow ?? 'All';
    return allow === 'All' || allow.includes(address);
  }

  /** Milliseconds since 1970, by the double's clock. */
  get now(): number {
    return Date.now() + this.#saved.clockOffsetSeconds * 1000;
  }

  set clockOffsetSeconds(seconds: number) {
    this.#save({ ...this.#saved, clockOffsetSeconds: seconds });
  }

  /** Whether a retention period that began at that time still runs, by the double's clock. */
  isRetained(rule: ContainerRule, created: Date): boolean {
    if (rule.kind !== 'Worm' && rule.kind !== 'Versions') return false;
    return this.now < created.getTime() + rule.days * 86_400_000;
  }

  #save(saved: Saved): void {
    this.#saved = saved;
    if (this.#file === undefined) return;
    writeFileSync(`${this.#file}.tmp`, JSON.stringify(saved), { mode: 0o600 });
    renameSync(`${this.#file}.tmp`, this.#file);
  }
}

function readSaved(file: string): Partial<Saved> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Partial<Saved>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}
