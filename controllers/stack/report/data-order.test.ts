/** When a restore counts as done: its data are there, and everything that runs on them is well. */
import { expect, it } from 'vitest';
import type { DataOrder, DataSource, Plan } from '../model.ts';
import { aHost, now, observing, state } from '../testing.ts';
import { summariseOrder } from './data-order.ts';

const uid = 'order-1';
const source = { kind: 'Backup', source: 'backup b', backupID: 'b', version: '3.43.2', database: 'None' };
const order: DataOrder = {
  kind: 'Restore',
  name: 'way-back',
  requestUID: uid,
  onData: 'Refuse',
  backup: { ok: true, value: source as DataSource },
  verify: 'Checksum',
  inPlace: 'Accept',
  keepPreviousHours: 0,
};
const loaded = aHost({
  state: state({ data: { source: 'backup b', time: '2026-03-01T01:00:00Z', requestUID: uid } }),
});
const facts = { is: 'CleaningUp' } as const;
const wellBut: Plan = {
  kind: 'Blocked',
  step: 'Held',
  condition: 'UpToDate',
  reason: 'RolledBack',
  facts,
  stalled: true,
  afterSeconds: 60,
};

it.each<[string, Plan, string]>([
  ['is well', { kind: 'Done', step: 'Done' }, 'Done'],
  ['is cleaned up', { kind: 'Act', step: 'CleanUp', wave: [], facts }, 'Done'],
  ['is well, and its newest version was taken back', wellBut, 'Done'],
  ['failed, and is left as it is', { ...wellBut, reason: 'Held' }, 'Starting'],
  [
    'is not healthy yet',
    { kind: 'Wait', step: 'Health', reason: 'WaitingForHealth', facts, afterSeconds: 5 },
    'Starting',
  ],
])('a restore whose stack %s', (_, planned, expected) => {
  expect(summariseOrder(undefined, observing(loaded, { order }), planned, now)).toMatchObject({
    state: expected,
  });
});
