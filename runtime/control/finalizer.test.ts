import { describe, expect, it } from 'vitest';
import { finalizerStep } from './finalizer.ts';

const finalizer = 'jtel.de/host';
const deletionTimestamp = '2026-03-01T12:00:00Z';

describe('a finalizer', () => {
  it.each([
    ['is added to a live object first', {}, 'Add'],
    ['is added beside those of others', { finalizers: ['other'] }, 'Add'],
    ['lets a live object be reconciled', { finalizers: ['other', finalizer] }, 'Reconcile'],
    ['asks for clean-up of a deleted object', { finalizers: [finalizer], deletionTimestamp }, 'CleanUp'],
    [
      'has nothing to do with a deleted object that is without it',
      { finalizers: ['other'], deletionTimestamp },
      'Leave',
    ],
  ])('%s', (_, metadata, step) => {
    expect(finalizerStep({ metadata }, finalizer)).toBe(step);
  });
});
