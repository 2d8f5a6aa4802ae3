/** Whether the first data of a stack ever served, so that a move has to take them along. */
import { describe, expect, it } from 'vitest';
import { optional } from '../../../base/optional.ts';
import type { HostObservation, HostState } from '../../../host-driver/host.ts';
import { aHost, aStack, container, observing, state } from '../testing.ts';
import { neverServed, seemsUnused } from './stranded.ts';

const { applied, ...untouched } = state();
const database = [container('acd-dbm')];
const stack = aStack();
const time = '2026-03-01T01:00:00Z';
const { release } = observing(aHost());
const aMove = {
  id: 'move-1',
  from: { host: stack.spec.host, machineID: 'machine-0' },
  toMachineID: 'machine-1',
  source: 'Migrate',
  isQuiet: true,
} as const;
const moving = (old: Partial<HostObservation>): boolean =>
  neverServed(stack, { release }, { ...aMove, old: { ok: true, value: aHost({ containers: [], ...old }) } });

describe('first data never served', () => {
  it('while nothing but their database was started on them', () => {
    expect(moving({ state: untouched })).toBe(true);
    expect(moving({ state: untouched, containers: database })).toBe(true);
    const { uid } = stack.metadata;
    expect(moving({ state: { ...untouched, data: { source: 'backup b-1', requestUID: uid, time } } })).toBe(
      true,
    );
  });

  it('is not said before whatever was begun on the host has ended', () => {
    const { isQuiet: _, ...loud } = aMove;
    const move = {
      ...loud,
      old: { ok: true, value: aHost({ state: untouched, containers: database }) },
    } as const;
    expect(seemsUnused(stack, { release }, move)).toBe(true);
    expect(neverServed(stack, { release }, move)).toBe(false);
  });

  const others: readonly (readonly [string, Partial<HostState>])[] = [
    ['a release was applied', optional({ applied })],
    ['the host is marked', { moved: { address: 'x', time } }],
    ['a JtelRestore brought them', { data: { source: 'b', requestUID: 'other', time } }],
    ['a restore was taken back', { refused: { requestUID: 'other', reason: 'r', message: 'm', time } }],
    ['they are incomplete', { data: { source: 'b', state: 'Incomplete', time } }],
    ['they are of an object before', { owner: { ...state().owner, uid: 'before' } }],
  ];
  it.each(others)('is not said when %s', (_what, changes) => {
    expect(moving({ state: { ...untouched, ...changes } as HostState })).toBe(false);
  });

  it('is not said when something else was started, or nobody knows', () => {
    expect(moving({ state: untouched, containers: [...database, container('acd-web')] })).toBe(false);
    const away = { ok: false, reason: 'HostUnreachable', message: 'no answer.' } as const;
    expect(neverServed(stack, { release }, { ...aMove, old: away })).toBe(false);
    expect(
      neverServed(
        stack,
        { release: away },
        { ...aMove, old: { ok: true, value: aHost({ state: untouched }) } },
      ),
    ).toBe(false);
    expect(neverServed(stack, { release }, undefined)).toBe(false);
    const old = { ok: true, value: aHost({ state: untouched, containers: [] }) } as const;
    for (const status of [{ version: '3.43.2' }, { availability: { countedSince: time } }])
      expect(neverServed(aStack({}, {}, status), { release }, { ...aMove, old })).toBe(false);
  });
});
