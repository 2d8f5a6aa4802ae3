/**
 * Who works on which stacks when several replicas share them: to which shard a namespace belongs, and how many shards a
 * replica is to hold. Pure. Everything of a stack lies in its namespace, so a shard has all that it needs.
 */
import { hash } from 'node:crypto';
import type { Bounds } from '../../controllers/backup/index.ts';

/** The same in every process and release: replicas that disagreed would both write. */
export function shardOf(namespace: string, shards: number): number {
  return shards === 1 ? 0 : hash('sha256', namespace, 'buffer').readUInt32BE() % shards;
}

/** The Lease of a replica that has no shard yet: the others see by it that it is there. */
export function waitingLease(name: string): string {
  return `${name}-waiting`;
}

export interface Held {
  readonly self: string;
  /** Who holds each shard; undefined: nobody. */
  readonly holders: readonly (string | undefined)[];
  /** Who waits for a shard. */
  readonly waiting: string | undefined;
}

/**
 * How many shards this replica is to hold. They add up to all shards if all replicas see the same. Those that hold more
 * keep more, so that nothing moves without need.
 */
export function quotaOf({ self, holders, waiting }: Held): number {
  const counts = new Map([self, ...(waiting === undefined ? [] : [waiting])].map((name) => [name, 0]));
  for (const holder of holders) if (holder !== undefined) counts.set(holder, (counts.get(holder) ?? 0) + 1);
  const ranked = [...counts].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([name]) => name);
  const one = ranked.indexOf(self) < holders.length % ranked.length ? 1 : 0;
  return Math.floor(holders.length / ranked.length) + one;
}

/** Which of its shards a replica gives to others. Shard 0 last: without its Lease nobody takes another. */
export function surplus(own: readonly number[], quota: number): readonly number[] {
  return own.toSorted((a, b) => a - b).slice(quota);
}

/** The bounds of one shard. Replicas do not count together, so each shard has its part of what is bounded in all. */
export function boundsOfShard({ perStore, inAll }: Bounds, shards: number): Bounds {
  return { perStore, inAll: Math.floor(inAll / shards) };
}
