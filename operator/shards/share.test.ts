import { describe, expect, it } from 'vitest';
import { mostShards, shardLease } from '../../crds/index.ts';
import { boundsOfShard, quotaOf, shardOf, surplus } from './share.ts';

describe('the shard of a namespace', () => {
  it('is the same in each release', () => {
    const names = ['acme', 'globex', 'initech', 'jtel', 'kunde-0001', 'kunde-0002', 'umbrella'];
    expect(names.map((name) => shardOf(name, 4))).toEqual([1, 1, 2, 2, 0, 0, 1]);
    expect(names.map((name) => shardOf(name, 1))).toEqual(names.map(() => 0));
  });

  it('is one of few, which get about as many each', () => {
    const counts = Array.from({ length: mostShards }, () => 0);
    for (let number = 0; number < 4800; number += 1) {
      const shard = shardOf(`tenant-${number}`, mostShards);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(240);
    expect(Math.max(...counts)).toBeLessThan(360);
  });

  it('has a Lease, which for the first is that of an operator without shards', () => {
    expect([0, 1, 15].map((shard) => shardLease('jtel-operator', shard))).toEqual([
      'jtel-operator',
      'jtel-operator-shard-1',
      'jtel-operator-shard-15',
    ]);
  });
});

it('divides what is bounded in all, and nothing else', () => {
  expect(boundsOfShard({ perStore: 10, inAll: 50 }, 1)).toEqual({ perStore: 10, inAll: 50 });
  expect(boundsOfShard({ perStore: 10, inAll: 50 }, 4)).toEqual({ perStore: 10, inAll: 12 });
});

describe('how many shards a replica is to hold', () => {
  const nobody = (length: number): undefined[] => Array.from<undefined>({ length });

  it('is all of them if it is alone', () => {
    expect(quotaOf({ self: 'a', holders: nobody(4), waiting: undefined })).toBe(4);
    expect(quotaOf({ self: 'a', holders: nobody(4), waiting: 'a' })).toBe(4);
  });

  it('counts who waits, and lets those who hold more keep more', () => {
    const seen = { holders: ['a', 'a', 'b', 'b'], waiting: 'c' };
    expect(['a', 'b', 'c'].map((self) => quotaOf({ ...seen, self }))).toEqual([2, 1, 1]);
  });

  it('is none for one replica too many, which changes nothing for the others', () => {
    const seen = { holders: ['c', 'b'], waiting: 'a' };
    expect(['a', 'b', 'c'].map((self) => quotaOf({ ...seen, self }))).toEqual([0, 1, 1]);
  });

  it('makes each give away what is more, the first shard last', () => {
    expect(surplus([3, 0, 2], 1)).toEqual([2, 3]);
    expect(surplus([3, 0], 2)).toEqual([]);
  });

  it('comes to rest evenly, whoever comes and goes, and moves nothing then', () => {
    for (let seed = 1; seed <= 400; seed += 1) {
      let state = seed;
      const random = (below: number): number => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
        return (state >> 8) % below;
      };
      const holders: (string | undefined)[] = nobody(1 + random(mostShards));
      const names = 'abcdefg'.slice(0, 1 + random(7)).split('');
      for (const [shard] of holders.entries())
        if (random(2) === 0) holders[shard] = names[random(names.length)];
      const held = (name: string): number[] => [...holders.keys()].filter((shard) => holders[shard] === name);
      // One replica looks at a time, as each sees what the others did. One that holds nothing waits.
      const round = (): boolean => {
        let moved = false;
        for (const self of names) {
          const waiting = names.find((name) => held(name).length === 0);
          const quota = quotaOf({ self, holders, waiting });
          for (const shard of surplus(held(self), quota)) {
            holders[shard] = undefined;
            moved = true;
          }
          const missing = quota - held(self).length;
          const free = [...holders.keys()].filter((shard) => holders[shard] === undefined);
          for (const shard of free.slice(0, Math.max(0, missing))) {
            holders[shard] = self;
            moved = true;
          }
        }
        return moved;
      };
      let rounds = 0;
      while (round()) expect(++rounds, `seed ${seed}`).toBeLessThan(50);
      const counts = names.map((name) => held(name).length);
      expect(holders, `seed ${seed}`).not.toContain(undefined);
      expect(Math.max(...counts) - Math.min(...counts), `seed ${seed}: ${counts.join()}`).toBeLessThan(2);
    }
  });
});
