import { expect, it } from 'vitest';
import type { JtelRestore } from '../../crds/index.ts';
import { aRestore } from '../../test/support/a-restore.ts';
import { lastMeasuredRestore } from './measured-restore.ts';

const restored = (name: string, status: NonNullable<JtelRestore['status']>): JtelRestore =>
  aRestore({}, { metadata: { name }, status });

it('takes the newest restore that completed and was measured', () => {
  expect(lastMeasuredRestore([])).toBeUndefined();
  const restores = [
    restored('old', { phase: 'Completed', completionTime: '2026-06-01T00:00:00Z', recoveryTimeSeconds: 9 }),
    restored('new', { phase: 'Completed', completionTime: '2026-06-02T00:00:00Z', recoveryTimeSeconds: 5 }),
    restored('failed', { phase: 'Failed', completionTime: '2026-06-03T00:00:00Z', recoveryTimeSeconds: 1 }),
    restored('repeated', { phase: 'Completed', completionTime: '2026-06-04T00:00:00Z' }),
  ];
  expect(lastMeasuredRestore(restores)).toMatchObject({ name: 'new', recoveryTimeSeconds: 5 });
});
