import { describe, expect, it } from 'vitest';
import { annotations, type JtelStackStatus } from '../../crds/index.ts';
import { changedState } from '../../host-driver/state.ts';
import { largestEpoch } from '../../host-driver/state-schema.ts';
import type { HostState } from '../../host-driver/host.ts';
import { changeNumber, summariseHostChange, unknownChange, type HostChangeInput } from './host-change.ts';
import { aHost, aStack, now, observing, state } from './testing.ts';

const time = '2026-03-02T00:00:00Z';
const change = { number: 7, time };
const moment = '2026-03-02T00:00:00.000Z';
const moved = { address: '192.0.2.20', time };

function input(
  changes: Partial<HostState>,
  status: Partial<JtelStackStatus> = { hostChange: { number: 6 } },
  annotation?: string,
): HostChangeInput {
  const scene = observing(
    aHost({ state: state({ change, applied: { ...applied, digest: 'd3' }, ...changes }) }),
  );
  const metadata =
    annotation === undefined ? {} : { annotations: { [annotations.acceptOlderStatus]: annotation } };
  const stack = aStack({}, metadata, { version: '3.43.2', ...status } as JtelStackStatus);
  return { ...scene, stack, observed: scene };
}

const applied = state().applied as NonNullable<HostState['applied']>;

describe('a change that the status does not know', () => {
  it.each<[string, HostChangeInput, 'Configured' | 'Moved' | undefined]>([
    ['a newer number', input({}), 'Configured'],
    ['the number that was noted', input({}, { hostChange: { number: 7 } }), undefined],
    ['a host that was brought back itself', input({}, { hostChange: { number: 9 } }), undefined],
    ['a host of an earlier operator', input({ change: undefined } as never), undefined],
    ['a status of an earlier operator', input({}, {}), undefined],
    ['a status from before the first look', input({}, { version: undefined } as never), 'Configured'],
    ['a newer number with what is wanted', input({ applied }), undefined],
    ['an update that has begun', input({ applied, update: { from: 'a', to: 'b', time } }), 'Configured'],
    ['another set-up', input({ applied, setupDigest: 'setup-2' }), 'Configured'],
    ['a stack that was applied again', input({ owner: { ...state().owner, uid: 'former' } }), undefined],
    [
      'a mark of a move that the status does not know',
      input({ moved }, { hostChange: { number: 7 }, dataHost: { machineID: 'machine-1' } as never }),
      'Moved',
    ],
    [
      'the mark of a move under way',
      input(
        { moved },
        {
          hostChange: { number: 7 },
          dataHost: { machineID: 'machine-1' } as never,
          relocation: { id: 'move-1', fromMachineID: 'machine-1', state: 'Loading' } as never,
        },
      ),
      undefined,
    ],
    ['consent to what the host knows', input({}, undefined, moment), undefined],
    ['consent to something earlier', input({}, undefined, '2026-03-01T00:00:00.000Z'), 'Configured'],
  ])('%s', (_, given, kind) => expect(unknownChange(given)?.kind).toBe(kind));

  it('keeps the number in the status, and is told with its moment', () => {
    expect(summariseHostChange({ ...input({}), now }, undefined)).toEqual({
      number: 6,
      unknown: { kind: 'Configured', time: moment },
    });
    expect(summariseHostChange({ ...input({}, undefined, moment), now }, undefined)).toEqual({
      number: 7,
      time: moment,
    });
  });
});

describe('the number of a change', () => {
  const wave = [{ type: 'RecordApplied', cause: 'Drifted' }] as const;

  it('is greater than all that were seen, is noted before, and has an end', () => {
    expect(changeNumber(input({}), wave)).toBe(8);
    expect(changeNumber(input({}, { hostChange: { number: 12 } }), wave)).toBe(13);
    expect(changeNumber(input({ change: { number: largestEpoch, time } }), wave)).toBe(largestEpoch);
    expect(changeNumber(input({}), [{ type: 'StopStack', cause: 'ToldToStop' }])).toBeUndefined();
    const former = input({ owner: { ...state().owner, uid: 'former' } }, { version: undefined } as never);
    const claim = { type: 'ClaimHost', cause: 'HostNotHeld' } as const;
    expect(changeNumber(former, [claim])).toBe(7);
    expect(changeNumber(former, [claim, ...wave])).toBe(8);
    expect(changeNumber(input({}), [claim])).toBeUndefined();
    const noted = summariseHostChange({ ...input({}, { hostChange: { number: 7 } }), now }, 8);
    expect(noted).toEqual({ number: 8, time: now.toISOString() });
  });

  it('is recorded with a configuration only, and never goes back', () => {
    const { owner } = state();
    const at = (number: number) =>
      ({ project: 'p', fence: { owner, epoch: 1, change: number }, machineID: 'm', time }) as const;
    expect(changedState(undefined, at(3), {}).change).toBeUndefined();
    const first = changedState(undefined, at(3), { setupDigest: 's' });
    expect(first.change).toEqual({ number: 3, time });
    expect(changedState(first, at(2), { update: { from: 'a', to: 'b' } }).change?.number).toBe(3);
    expect(changedState(first, at(4), { applied: { ...applied } }).change?.number).toBe(4);
    expect(
      changedState(first, { ...at(9), fence: { owner, epoch: 1 } }, { setupDigest: 't' }).change,
    ).toEqual(first.change);
  });
});
