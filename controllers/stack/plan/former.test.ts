/** A host that the stack was moved away from, and that was not fenced then: what is done there, and what counts as fenced. */
import { describe, expect, it } from 'vitest';
import type { HostObservation } from '../../../host-driver/host.ts';
import { summarise } from '../report/status.ts';
import {
  aHost,
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

const hosts: readonly [string, HostObservation, 'Fenced' | 'Pending', string][] = [
  ['runs the stack', aHost(), 'Pending', 'FenceFormer'],
  ['is marked, and has containers still', aHost({ state: state({ moved }) }), 'Pending', 'FenceFormer'],
  ['is marked, and has no containers', aHost({ ...none, state: state({ moved }) }), 'Fenced', 'Done'],
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

  it('that is not ours any more keeps no other one from being fenced', () => {
    if (former === undefined) throw new Error('there is one');
    const foreign = aHost({ state: state({ owner: theirs }) });
    const formers = [foreign, aHost()].map((value) => ({ former, host: { ok: true, value } }) as const);
    expect(wave(observing(aHost(), { formers }), { stack })).toEqual(['FenceFormer']);
  });
});
