/** A host that the stack was moved away from, and that was not fenced then: what is done there, and what counts as fenced. */
import { describe, expect, it } from 'vitest';
import { optional } from '../../../base/optional.ts';
import { annotations } from '../../../crds/index.ts';
import type { HostObservation, HostState } from '../../../host-driver/host.ts';
import { summarise } from '../report/status.ts';
import {
  aHost,
  aPreparedHost,
  anEmptyHost,
  aStack,
  facts,
  identity,
  now,
  observing,
  planInput,
  state,
  wave,
} from '../testing.ts';
import type { FormerHost, FormerLook } from '../relocation.ts';
import { plan } from './plan.ts';

const { dockerVersion: _, ...withoutDocker } = facts({ machineID: 'machine-0' });
const stack = aStack(
  {},
  {},
  {
    dataHost: { host: aStack().spec.host, machineID: 'machine-1' },
    formerHosts: [{ host: aStack().spec.host, machineID: 'machine-0', state: 'Pending' }],
  },
);
const [former] = stack.status?.formerHosts ?? [];
const moved = { address: '192.0.2.10', time: '2026-03-01T02:59:00Z' };
const theirs = { clusterID: 'cluster-2', namespace: 'acme', name: 'main', uid: 'theirs' };
const none = { containers: [], facts: facts({ machineID: 'machine-0' }) };

const job = { uid: 'u', name: 'job', type: 'backup', state: 'Succeeded' } as const;

const hosts: readonly [string, HostObservation, 'Fenced' | 'Pending', string][] = [
  ['runs the stack', aHost(), 'Pending', 'FenceFormer'],
  ['is marked, and has containers still', aHost({ state: state({ moved }) }), 'Pending', 'FenceFormer'],
  ['is marked, and has no containers', aHost({ ...none, state: state({ moved }) }), 'Fenced', 'Done'],
  [
    'is marked, and has a job still',
    aHost({ ...none, jobs: [job], state: state({ moved }) }),
    'Pending',
    'FenceFormer',
  ],
  [
    'is marked, and whose Docker does not answer',
    aHost({ ...none, facts: withoutDocker, state: state({ moved }) }),
    'Pending',
    'FenceFormer',
  ],
  ['knows nothing of the stack', anEmptyHost(none), 'Fenced', 'Done'],
  [
    'lost its record, and runs the stack',
    { ...anEmptyHost(), containers: aHost().containers },
    'Pending',
    'FenceFormer',
  ],
  [
    'lost its record, and whose Docker does not answer',
    anEmptyHost({ facts: withoutDocker }),
    'Pending',
    'FenceFormer',
  ],
  ["runs somebody else's stack of that name", aHost({ state: state({ owner: theirs }) }), 'Pending', 'Done'],
];

describe('a former host', () => {
  it.each(hosts)('that %s', (_what, value, expected, action) => {
    if (former === undefined) throw new Error('there is one');
    const scene = observing(aHost(), { formers: [{ former, host: { ok: true, value } }] });
    expect(wave(scene, { stack })).toEqual([action]);
    const { formerHosts } = summarise({
      ...scene,
      stack,
      clusterID: identity.clusterID,
      observed: scene,
      plan: plan(planInput(scene, { stack })),
      now,
    });
    expect(formerHosts).toMatchObject([{ machineID: 'machine-0', state: expected }]);
  });

  it('that never had the data is fenced when the stack is well, and is left once no job is there, either', () => {
    if (former === undefined) throw new Error('there is one');
    const left = { ...former, left: 'BeforeData' as const };
    const begun = (changes: Partial<HostObservation>): readonly FormerLook[] => [
      { former: left, host: { ok: true, value: aHost(changes) } },
    ];
    const told = (formers: readonly FormerLook[], host = aHost()): unknown => {
      const scene = observing(host, { formers });
      const planned = plan(planInput(scene, { stack }));
      const { formerHosts } = summarise({
        ...scene,
        stack: { ...stack, status: { ...stack.status, formerHosts: [left] } },
        clusterID: identity.clusterID,
        observed: scene,
        plan: planned,
        now,
      });
      return [
        planned.kind === 'Act' ? planned.wave.map(({ type }) => type) : [planned.kind],
        formerHosts?.[0]?.state,
      ];
    };
    expect(told(begun({}))).toEqual([['FenceFormer'], 'Pending']);
    expect(told(begun({}), aHost({ containers: [] }))).toMatchObject([
      expect.arrayContaining(['ApplyRelease']),
      'Pending',
    ]);
    expect(told(begun({ ...none, jobs: [job], state: state({ moved }) }))).toEqual([
      ['FenceFormer'],
      'Pending',
    ]);
    expect(told(begun({ ...none, state: state({ moved }) }))).toEqual([['Done'], 'Fenced']);
    expect(told([{ former: left, host: { ok: true, value: anEmptyHost(none) } }])).toEqual([
      ['Done'],
      undefined,
    ]);
  });

  it('that was only claimed is rid of that when the stack is destroyed, and of nothing else', () => {
    const { host } = aStack().spec;
    const known = { host, machineID: 'machine-0', state: 'Fenced', left: 'BeforeData' } as const;
    const { owner, epoch, machineID, data } = state();
    const claim = { formatVersion: 1, owner, epoch, machineID } as const;
    const planned = (there: HostState, deletionPolicy: 'Stop' | 'Destroy'): readonly string[] => {
      const value = aHost({ containers: [], releases: [], state: there });
      const formers = [{ former: known, host: { ok: true, value } }] as const;
      const consent = { [annotations.confirmDestroy]: 'stack-uid' };
      const deleted = { deletionTimestamp: '2026-03-01T02:59:00Z', annotations: consent };
      return wave(observing(aHost(), { formers }), { stack: aStack({ deletionPolicy }, deleted) });
    };
    expect(planned(claim, 'Destroy')).toEqual([
      'RemoveCredentials',
      'DestroyStack',
      'DestroyFormer',
      'ReleaseFinalizer',
    ]);
    expect(planned(claim, 'Stop')).not.toContain('DestroyFormer');
    for (const more of [{ owner: theirs }, { moved }, optional({ data })])
      expect(planned({ ...claim, ...more }, 'Destroy')).not.toContain('DestroyFormer');
  });

  it('that is marked, and has a job still, does not keep the stack from its work', () => {
    if (former === undefined) throw new Error('there is one');
    const old = aHost({ ...none, jobs: [job], state: state({ moved }) });
    const formers: readonly FormerLook[] = [{ former, host: { ok: true, value: old } }];
    expect(wave(observing(aHost({ containers: [] }), { formers }), { stack })).toContain('ApplyRelease');
  });

  it('that is still to be fenced is not forgotten for its age, and so many of them hold a further move', () => {
    if (former === undefined) throw new Error('there is one');
    const told = (states: readonly FormerHost['state'][]): readonly string[] => {
      const formerHosts = states.map((each, index) => ({ ...former, machineID: `f${index}`, state: each }));
      const scene = observing(aHost());
      return (
        summarise({
          ...scene,
          stack: { ...stack, status: { ...stack.status, formerHosts } },
          clusterID: identity.clusterID,
          observed: scene,
          plan: { kind: 'Done', step: 'Done' },
          now,
        }).formerHosts ?? []
      ).map((one) => `${one.machineID} ${one.state}`);
    };
    const fenced = Array.from({ length: 9 }, () => 'Fenced' as const);
    expect(told([...fenced, 'Pending'])).toEqual(
      [0, 1, 2, 3, 4, 5, 6].map((n) => `f${n} Fenced`).concat('f9 Pending'),
    );
    expect(told(fenced)).toHaveLength(8);
    expect(told(Array.from({ length: 32 }, () => 'Pending' as const))).toHaveLength(32);
    const all = Array.from({ length: 32 }, (_one, index) => ({ ...former, machineID: `f${index}` }));
    const relocation = {
      id: 'move-1',
      from: { host: { ...aStack().spec.host, address: '192.0.2.9' }, machineID: 'machine-9' },
      toMachineID: 'machine-1',
      source: 'Migrate',
      old: { ok: true, value: aHost() },
    } as const;
    const planned = (count: number): unknown =>
      plan(
        planInput(observing(aPreparedHost({ images: [] }), { relocation }), {
          stack: {
            ...stack,
            spec: { ...stack.spec, backup: { storeRef: { name: 'customer' } } as never },
            status: { dataHost: relocation.from, formerHosts: all.slice(0, count) },
          },
        }),
      );
    expect(planned(32)).toMatchObject({
      kind: 'Blocked',
      reason: 'RelocationNeedsOldHost',
      facts: { is: 'ManyToFence' },
    });
    expect(planned(31)).toMatchObject({ facts: { is: 'MoveBackup' } });
  });

  it('that is marked, and that a new stack without data is to run on, may run it', () => {
    const { dataHost: _home, ...status } = stack.status ?? {};
    const fresh = { ...stack, status };
    expect(wave(observing(aPreparedHost({}, { moved })), { stack: fresh })).toEqual(['UnmarkMoved']);
    expect(wave(observing(aHost({ state: state({ moved }) })), { stack: fresh })).not.toContain(
      'UnmarkMoved',
    );
  });

  it('that is not ours any more keeps no other one from being fenced', () => {
    if (former === undefined) throw new Error('there is one');
    const foreign = aHost({ state: state({ owner: theirs }) });
    const formers = [foreign, aHost()].map((value) => ({ former, host: { ok: true, value } }) as const);
    expect(wave(observing(aHost(), { formers }), { stack })).toEqual(['FenceFormer']);
  });
});
