import { expect, it } from 'vitest';
import type { Reason } from '../../crds/index.ts';
import { awayFormersAfter, isFormerDue, nextFormerLook, type AwayFormers } from './former-pauses.ts';
import type { FormerLook } from './relocation.ts';
import { aStack } from './testing.ts';

const begin = Date.parse('2026-03-01T03:00:00Z');
const at = (seconds: number): Date => new Date(begin + seconds * 1000);
const former: FormerLook['former'] = {
  host: aStack().spec.host,
  machineID: 'old',
  state: 'Pending',
  since: '2026-03-01T03:00:00Z',
};
const stack = aStack({}, {}, { formerHosts: [former] });

function lookWith(reason: Reason): readonly FormerLook[] {
  return [{ former, host: { ok: false, reason, message: '' } }];
}

function looked(seconds: number) {
  return { object: stack, now: at(seconds) };
}

/** Seconds at which a lost former host is asked within an hour, at looks that come each second. */
function asked(): number[] {
  const times: number[] = [];
  let away: AwayFormers | undefined;
  for (let second = 0; second < 3600; second += 1) {
    if (!isFormerDue(away, 'old', at(second))) continue;
    times.push(second);
    away = awayFormersAfter(away, lookWith('HostUnreachable'), looked(second));
  }
  return times;
}

it('a lost former host is asked every 15 s for a minute, then less and less often', () => {
  const times = asked();
  expect(times.slice(0, 6)).toEqual([0, 15, 30, 45, 60, 75]);
  expect((times.at(-1) ?? 0) - (times.at(-2) ?? 0)).toBe(240);
});

it('the stack is looked at again when its former host is due', () => {
  const away = awayFormersAfter(undefined, lookWith('HostUnreachable'), looked(0));
  expect(nextFormerLook(stack, lookWith('HostUnreachable'), away, at(0))).toBe(15);
  expect(nextFormerLook(stack, [], away, at(5))).toBe(10);
  expect(nextFormerLook(stack, [], away, at(14.9))).toBe(10);
});

it.each([15, 60, 3600])(
  'one that is due and could not be asked wants no look of its own after %i s',
  (seconds) => {
    const away = awayFormersAfter(undefined, lookWith('HostUnreachable'), looked(0));
    // The own host could not be asked, or answers as this very machine: nobody looks at former ones then.
    const after = awayFormersAfter(away, undefined, looked(seconds));
    expect(nextFormerLook(stack, [], after, at(seconds))).toBeUndefined();
    expect(isFormerDue(after, 'old', at(seconds))).toBe(true);
  },
);

it('one that has no place to be asked keeps its growing pauses', () => {
  const away = awayFormersAfter(undefined, lookWith('HostUnreachable'), looked(0));
  const after = awayFormersAfter(away, lookWith('NotChecked'), looked(800));
  expect([...after]).toEqual([['old', { since: begin, dueTime: begin + 1_000_000 }]]);
  expect(nextFormerLook(stack, lookWith('NotChecked'), after, at(800))).toBe(200);
});

it('one of which nothing is known is not away for want of a place alone', () => {
  const after = awayFormersAfter(undefined, lookWith('NotChecked'), looked(0));
  expect([...after]).toEqual([]);
  expect(nextFormerLook(stack, lookWith('NotChecked'), after, at(0))).toBe(20);
});

it('one that answers or refuses is asked again soon, and one that nobody asked not for its own sake', () => {
  const away = awayFormersAfter(undefined, lookWith('HostUnreachable'), looked(0));
  const after = awayFormersAfter(away, lookWith('AuthenticationFailed'), looked(15));
  expect([...after]).toEqual([]);
  expect(nextFormerLook(stack, lookWith('AuthenticationFailed'), after, at(15))).toBe(20);
  expect(nextFormerLook(stack, [], after, at(15))).toBeUndefined();
});

it('one that was fenced is not looked at any more', () => {
  const away = awayFormersAfter(undefined, lookWith('HostUnreachable'), looked(0));
  const fenced = aStack({}, {}, { formerHosts: [{ ...former, state: 'Fenced' }] });
  expect(nextFormerLook(fenced, [], away, at(0))).toBeUndefined();
  expect([...awayFormersAfter(away, [], { object: fenced, now: at(60) })]).toEqual([]);
});
