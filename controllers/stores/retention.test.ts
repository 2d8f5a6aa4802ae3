import { describe, expect, it } from 'vitest';
import type { Retention } from '../../blob-store/retention.ts';
import { retentionProblem } from './retention.ts';

const wanted = { policy: 'Required', retentionDays: 180 } as const;

describe('the policy of a container', () => {
  it.each([
    ['is missing', { kind: 'None' }, 'PolicyMissing'],
    ['can be removed', { kind: 'TimeBased', days: 3650, isLocked: false }, 'PolicyUnlocked'],
    [
      'ends before the last backup that uses its data',
      { kind: 'TimeBased', days: 209, isLocked: true },
      'RetentionTooShort',
    ],
    ['is enough', { kind: 'TimeBased', days: 210, isLocked: true }, undefined],
    ['could not be read', { kind: 'NotRead', detail: 'no answer' }, undefined],
    [
      'could not be read, and was removable when it was last told',
      { kind: 'NotRead', detail: 'no answer', last: { kind: 'TimeBased', days: 365, isLocked: false } },
      'PolicyUnlocked',
    ],
    [
      'could not be read, and was enough when it was last told',
      { kind: 'NotRead', detail: 'no answer', last: { kind: 'TimeBased', days: 365, isLocked: true } },
      undefined,
    ],
    ['was not asked for', undefined, undefined],
  ] satisfies [string, Retention | undefined, string | undefined][])('%s', (_, retention, reason) => {
    expect(retentionProblem(wanted, retention)?.reason).toBe(reason);
  });

  it('tells the last answer where there is none now, and why', () => {
    const last = { kind: 'TimeBased', days: 365, isLocked: false } as const;
    expect(retentionProblem(wanted, { kind: 'NotRead', detail: 'no answer', last })?.message).toMatch(
      /\(365 days\) is not locked.* That was Azure's last answer; there is none now \(no answer\)\.$/,
    );
  });
});
