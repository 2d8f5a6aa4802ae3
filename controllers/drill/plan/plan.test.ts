/** What comes next for a drill: one line per situation, and what must hold in each. */
import { describe, expect, it } from 'vitest';
import type { JtelDrill, JtelStackStatus } from '../../../crds/index.ts';
import { aStack, facts } from '../../stack/testing.ts';
import { aBackup, aDrill, aDrillHost, aTest, aTestRestore } from '../testing.ts';
import type { Member, Observed, Remains, SeenHost, SeenTest } from '../observe/observed.ts';
import { plan, type DrillPlan } from './plan.ts';

const now = new Date('2026-03-01T03:00:00Z');
const gibibyte = 2 ** 30;

type Known = NonNullable<JtelStackStatus['backup']>;

function member(name: string, known: Known = {}, gib = 1): Member {
  return {
    stack: aStack({}, { name, uid: name }, { backup: known }),
    backups: [aBackup(`${name}-b`, { totalBytes: gib * gibibyte }, name)],
    restores: [],
  };
}

function host(number: number, freeGiB = 100, fields: Partial<SeenHost['spec']> = {}): SeenHost {
  return {
    spec: aDrillHost(number, fields),
    facts: { ok: true, value: facts({ diskFreeBytes: freeGiB * gibibyte }) },
  };
}

function next(seen: Partial<Observed>, drill: JtelDrill = aDrill()): DrillPlan {
  const hosts = seen.hosts ?? [host(1)];
  return plan(drill, { members: [], hosts, tests: [], ...seen }, now);
}
const begun = ({ tests }: DrillPlan): string[] => tests.map((test) => `${test.stack} on ${test.host}`);

describe('whose backup is tested next', () => {
  const old = { lastRestoreTestTime: '2026-01-01T00:00:00Z' };
  const young = { lastRestoreTestTime: '2026-02-28T00:00:00Z' };

  it.each<[string, readonly Member[], string[]]>([
    ['one that was never tested', [member('a', old), member('b')], ['b on drill-1']],
    ['then the one whose test is the longest ago', [member('a', young), member('b', old)], ['b on drill-1']],
    ['none without a backup', [{ ...member('a'), backups: [] }], []],
    [
      'none whose backup did not complete',
      [{ ...member('a'), backups: [aBackup('x', { phase: 'Failed' })] }],
      [],
    ],
    [
      'none whose newest backup was tested by a drill',
      [{ ...member('a'), restores: [aTestRestore('Completed', { name: 'a-b-drill' })] }],
      [],
    ],
    [
      '… or when it was made',
      [{ ...member('a'), backups: [aBackup('x', { verification: { method: 'Restore', state: 'Passed' } })] }],
      [],
    ],
    [
      'none that a restore is at work on',
      [{ ...member('a'), restores: [aTestRestore('Loading', { name: 'x' })] }],
      [],
    ],
  ])('%s', (_, members, expected) => {
    const planned = next({ members });
    expect(begun(planned)).toEqual(expected);
    expect(planned.wanted).toEqual(planned.tests);
  });

  it('is the newest that completed', () => {
    const backups = [aBackup('new', { startTime: '2026-03-01T01:00:00Z' }), aBackup('old')];
    expect(next({ members: [{ ...member('a'), backups }] }).tests).toMatchObject([{ backup: 'new' }]);
  });

  it('nobody’s while it is suspended or deleted', () => {
    const members = [member('a')];
    expect(next({ members }, aDrill({ state: 'Suspended' })).tests).toEqual([]);
    const deleted = next({ members }, aDrill({}, undefined, { deletionTimestamp: '2026-03-01T02:00:00Z' }));
    expect(deleted).toMatchObject({ tests: [], isLetGo: true });
  });
});

describe('where it is tested', () => {
  it('on the host with the most room, as many as each takes', () => {
    const members = ['a', 'b', 'c', 'd'].map((name) => member(name));
    const planned = next({ members, hosts: [host(1, 10, { parallel: 2 }), host(2, 100)] });
    expect(begun(planned)).toEqual(['a on drill-2', 'b on drill-1', 'c on drill-1']);
  });

  it('not on a host that is refused, or does not answer', () => {
    const away = { ok: false, reason: 'HostUnreachable', message: '' } as const;
    const hosts = [
      { ...host(1), refusal: 'a customer’s' },
      { ...host(2), facts: away },
    ];
    expect(next({ members: [member('a')], hosts }).tests).toEqual([]);
  });

  it('not where what is kept free would be used; others are, and it is told', () => {
    const members = [member('big', {}, 95), member('small')];
    const planned = next({ members, hosts: [host(1, 100, { keepFreeGiB: 10 })] });
    expect(begun(planned)).toEqual(['small on drill-1']);
    expect(planned.tooBig.map(({ stack }) => stack.metadata.name)).toEqual(['big']);
  });

  it('not before it has room, and nobody smaller overtakes it', () => {
    const running = { test: aTest({ stack: 'x', bytes: 50 * gibibyte }), restore: aTestRestore('Loading') };
    const members = [member('a-big', {}, 80), member('small')];
    const planned = next({ members, hosts: [host(1, 100, { parallel: 4 })], tests: [running] });
    expect(begun(planned)).toEqual(['x on drill-1']);
    expect(planned.tooBig).toEqual([]);
  });
});

describe('a test that was begun', () => {
  const test = aTest();
  const withoutUID = { ...aTest(), uid: undefined as never };
  const left: Remains = { is: 'Left', state: undefined, facts: facts() };

  it.each<[string, SeenTest, 'stays' | 'leaves']>([
    ['stays while it runs', { test, restore: aTestRestore('Loading') }, 'stays'],
    ['stays while its host was not looked at', { test, restore: aTestRestore('Completed') }, 'stays'],
    [
      'stays while its host does not answer',
      { test, restore: aTestRestore('Failed'), remains: { is: 'Unknown' } },
      'stays',
    ],
    [
      'stays while something is left on its host',
      { test, restore: aTestRestore('Completed'), remains: left },
      'stays',
    ],
    [
      'leaves once its host is clean',
      { test, restore: aTestRestore('Completed'), remains: { is: 'Clean' } },
      'leaves',
    ],
    ['leaves if its object is gone and its host clean', { test, remains: { is: 'Clean' } }, 'leaves'],
    ['stays if its object is gone, and its host not looked at', { test }, 'stays'],
    [
      'stays if another object has its name',
      { test, restore: aTestRestore('Loading', { uid: 'other' }) },
      'stays',
    ],
    ['leaves with a host that is in no spec', { test, remains: { is: 'Gone' } }, 'leaves'],
    ['stays until its object is created', { test: withoutUID, backup: aBackup() }, 'stays'],
    ['leaves if its backup is gone before', { test: withoutUID }, 'leaves'],
    [
      'leaves if somebody else has its name',
      { test: withoutUID, restore: aTestRestore('Loading', { drill: 'x' }) },
      'leaves',
    ],
  ])('%s', (_, seen, expected) => {
    expect(next({ tests: [seen] }).tests).toHaveLength(expected === 'stays' ? 1 : 0);
  });

  it('is wiped if it left something', () => {
    const { wave } = next({ tests: [{ test, restore: aTestRestore('Completed'), remains: left }] });
    expect(wave).toEqual([{ type: 'WipeTest', cause: 'Left', test }]);
  });

  it('may begin once its uid is noted', () => {
    const planned = next({
      tests: [{ test: withoutUID, restore: aTestRestore('Pending'), backup: aBackup() }],
    });
    expect(planned).toMatchObject({ tests: [{ uid: 'test-uid' }], wanted: [] });
  });

  it('tells how long it took, unless another one had its name', () => {
    const remains = { is: 'Clean' } as const;
    expect(next({ tests: [{ test, restore: aTestRestore('Completed'), remains }] }).doneSeconds).toEqual([
      3600,
    ]);
    const other = aTestRestore('Completed', { uid: 'other' });
    expect(next({ tests: [{ test, restore: other, remains }] }).doneSeconds).toEqual([]);
  });

  it('goes to its end although the drill is deleted, unless its host is given up', () => {
    const deletionTimestamp = '2026-03-01T02:00:00Z';
    const tests = [{ test, restore: aTestRestore('Failed'), remains: { is: 'Unknown' } as const }];
    expect(next({ tests }, aDrill({}, undefined, { deletionTimestamp })).isLetGo).toBe(false);
    const annotations = { 'jtel.de/abandon-host': 'true' };
    expect(next({ tests }, aDrill({}, undefined, { deletionTimestamp, annotations })).isLetGo).toBe(true);
  });
});

/** Numbers that look random, the same at each run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

it.each(Array.from({ length: 50 }, (_, seed) => seed))('of any fleet, bounds hold (%i)', (seed) => {
  const pick = numbers(seed + 1);
  const hosts = [1, 2, 3].map((number) => {
    const one = host(number, 10 + pick(200), { parallel: 1 + pick(4), keepFreeGiB: pick(30) });
    return pick(5) === 0 ? { ...one, refusal: 'a customer’s' } : one;
  });
  const members = Array.from({ length: 30 }, (_, index) =>
    member(
      `s${index}`,
      pick(3) === 0 ? {} : { lastRestoreTestTime: `2026-02-${10 + pick(18)}T00:00:00Z` },
      1 + pick(60),
    ),
  );
  let tests: readonly SeenTest[] = [];
  const order: string[] = [];
  for (let look = 0; look < 20; look += 1) {
    const planned = next({ members, hosts, tests });
    for (const { spec, refusal, facts: seen } of hosts) {
      const here = planned.tests.filter((test) => test.host === spec.name);
      expect(here.length).toBeLessThanOrEqual(refusal === undefined ? spec.parallel : 0);
      const used = here.reduce((bytes, test) => bytes + test.bytes, 0);
      const free = seen.ok ? seen.value.diskFreeBytes : 0;
      expect(used).toBeLessThanOrEqual(Math.max(0, free - spec.keepFreeGiB * gibibyte));
    }
    expect(new Set(planned.tests.map(({ stack }) => stack)).size).toBe(planned.tests.length);
    order.push(...planned.wanted.map(({ stack }) => stack));
    // Some end, and their hosts are clean.
    tests = planned.tests.map((test): SeenTest => {
      const running = { test: { ...test, uid: test.stack }, backup: aBackup(test.backup) };
      const done = { ...aTestRestore('Completed', { uid: test.stack, name: test.restore }) };
      if (pick(2) === 0) return { ...running, restore: { ...done, status: { phase: 'Loading' } } };
      const at = members.findIndex(({ stack }) => stack.metadata.name === test.stack);
      const [of] = members.slice(at, at + 1);
      if (of !== undefined) members[at] = { ...of, restores: [done] };
      return { ...running, restore: done, remains: { is: 'Clean' } };
    });
  }
  // Nobody is tested twice with the same backup.
  expect(new Set(order).size).toBe(order.length);
});
