/** Which orders a stack remembers, from its host and from its own status. */
import { expect, test } from 'vitest';
import { ordersToRemember, rememberedOrders } from './data-order.ts';
import type { Observed } from './model.ts';
import { aStack } from './testing.ts';

const order = (id: string, time: string) => ({ id, name: 'back', requestUID: `uid-of-${id}`, time });
const [first, second] = [order('a', '2026-03-01T02:00:00Z'), order('b', '2026-03-02T02:00:00Z')];
const seen = (state: object | undefined): Observed['host'] =>
  ({ ok: true, value: { state } }) as Observed['host'];
const away: Observed['host'] = { ok: false, reason: 'HostUnreachable', message: '' };

test('host and status complete each other', () => {
  expect(rememberedOrders([first], { host: seen({ carriedOut: [second] }) })).toEqual([first, second]);
  expect(rememberedOrders([first], { host: away })).toEqual([first]);
  expect(rememberedOrders(undefined, { host: seen(undefined) })).toEqual([]);
});

test('one whose data were switched away again is forgotten, also by the status', () => {
  expect(
    rememberedOrders([first, second], {
      host: seen({ carriedOut: [first], refused: { requestUID: second.requestUID } }),
    }),
  ).toEqual([first]);
});

test('data that come to a host bring what they had seen, and the order itself', () => {
  const stack = aStack({}, {}, { carriedOut: [second] });
  const how = { verify: 'Checksum', inPlace: 'Refuse', keepPreviousHours: 24 } as const;
  const backup = { ok: false, reason: 'NotChecked', message: '' } as const;
  const now = new Date('2026-03-03T02:00:00Z');
  const source = {
    kind: 'Backup',
    source: 'backup x',
    backupID: 'x',
    version: '1',
    database: 'None',
    carriedOut: [first],
  } as const;
  const carriedOut = ordersToRemember(
    { stack, now },
    { kind: 'Restore', id: 'c', name: 'third', requestUID: 'u', onData: 'Replace', backup, ...how },
    source,
  );
  expect(carriedOut).toEqual([
    first,
    second,
    { id: 'c', name: 'third', requestUID: 'u', backupID: 'x', time: now.toISOString() },
  ]);
  expect(
    ordersToRemember(
      { stack, now },
      { kind: 'Relocation', name: 'm', requestUID: 'm', onData: 'Refuse', backup, ...how },
      source,
    ),
  ).toEqual([first, second]);
});
