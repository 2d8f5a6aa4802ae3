import { expect, it } from 'vitest';
import type { JtelStackStatus } from '../../../crds/index.ts';
import { phaseStartOf } from './phase-start.ts';

const now = new Date('2026-03-01T03:00:00Z');
const [january, february] = ['2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'];
type Phase = NonNullable<JtelStackStatus['phase']>;
type Conditions = NonNullable<JtelStackStatus['conditions']>;

function conditions(
  type: 'Ready' | 'Paused',
  status: Conditions[number]['status'],
  lastTransitionTime: string,
): Conditions {
  return [{ type, status, reason: 'Healthy', message: '', lastTransitionTime }];
}

it.each<[string, Phase, string | undefined, Conditions, string]>([
  ['an upgrade: Ready tells since when', 'Ready', undefined, conditions('Ready', 'True', january), january],
  [
    'an upgrade while it is suspended',
    'Suspended',
    undefined,
    [...conditions('Ready', 'True', january), ...conditions('Paused', 'True', february)],
    february,
  ],
  ['an upgrade without such a condition', 'Ready', undefined, [], '2026-03-01T03:00:00Z'],
  [
    'a field that a downgrade left over: ready again since',
    'Ready',
    january,
    conditions('Ready', 'True', february),
    february,
  ],
  [
    'a field that a downgrade left over: degraded since',
    'Degraded',
    january,
    conditions('Ready', 'False', february),
    february,
  ],
  [
    'a phase that is younger than its condition',
    'Degraded',
    february,
    conditions('Ready', 'False', january),
    february,
  ],
  [
    'a host that stays away beyond the grace time',
    'Unreachable',
    january,
    conditions('Ready', 'Unknown', february),
    january,
  ],
  [
    'a suspended stack that broke meanwhile',
    'Suspended',
    january,
    [...conditions('Ready', 'False', february), ...conditions('Paused', 'True', january)],
    january,
  ],
])('%s', (_, phase, phaseStartTime, given, start) => {
  const previous = { phase, ...(phaseStartTime === undefined ? {} : { phaseStartTime }) };
  expect(phaseStartOf(previous, phase, given, now)).toBe(start);
});

it('begins now when the phase changes, whatever is known', () => {
  const previous = { phase: 'Updating', phaseStartTime: january } as const;
  expect(phaseStartOf(previous, 'Ready', conditions('Ready', 'True', february), now)).toBe(
    '2026-03-01T03:00:00Z',
  );
});
