/** The planner on a stack that is to be moved and cannot be. */
import { expect, it } from 'vitest';
import { aHost, aPreparedHost, aStack, observing, planInput, state } from '../testing.ts';
import { plan } from './plan.ts';
import { store } from './testing-update.ts';

const aMove = {
  id: 'move-1',
  from: { host: { ...aStack().spec.host, address: '192.0.2.9' }, machineID: 'machine-0' },
  toMachineID: 'machine-1',
  source: 'Migrate',
} as const;

const { applied: _, ...rest } = state();
const restored = { source: 'backup b-1', requestUID: 'r', time: '2026-03-01T01:00:00Z' } as const;

it.each([
  ['are being overwritten', { ...restored, state: 'Incomplete' }, 'DataIncomplete', 'Overwritten'],
  ['were restored, and not started yet,', restored, 'RelocationNeedsBackup', 'NotStarted'],
] as const)(
  'data that %s are not moved, and no backup of them is waited for',
  (_what, data, reason, early) => {
    const old = { ok: true, value: aHost({ state: { ...rest, data } }) } as const;
    const { desired } = observing(aHost());
    const images = desired?.release.images.map(({ repository, digest }) => `${repository}@${digest}`) ?? [];
    const scene = observing(aPreparedHost({ images }), { relocation: { ...aMove, old } });
    const planned = plan(planInput(scene, { stack: aStack(store) }));
    expect(planned).toMatchObject({ kind: 'Blocked', reason, facts: { is: 'MoveAmidRestore', early } });
  },
);
