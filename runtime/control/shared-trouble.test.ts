import { describe, expect, it } from 'vitest';
import { ApiError } from '../client/api-error.ts';
import { SharedTrouble } from './shared-trouble.ts';

const start = new Date('2026-11-01T00:00:00Z');
const after = (seconds: number) => new Date(start.getTime() + seconds * 1000);
const invalid = (name: string) => new ApiError(422, 'Invalid', `apply ${name}: HTTP 422`);

describe('an error', () => {
  it('in three namespaces is trouble of all, however the objects are named', () => {
    const trouble = new SharedTrouble();
    const seen = ['a', 'b', 'c', 'a'].map((namespace) =>
      trouble.isOfAll(invalid(namespace), namespace, start),
    );
    expect(seen).toEqual([false, false, true, true]);
  });

  it('in many objects of one namespace is not', () => {
    const trouble = new SharedTrouble();
    for (let count = 0; count < 20; count += 1)
      expect(trouble.isOfAll(invalid(`stack-${count}`), 'a', start)).toBe(false);
  });

  it('of another kind, reason or place counts by itself', () => {
    const trouble = new SharedTrouble();
    const elsewhere = () => new ApiError(422, 'Invalid', 'apply');
    expect(trouble.isOfAll(invalid('x'), 'a', start)).toBe(false);
    expect(trouble.isOfAll(new ApiError(409, 'Conflict', 'apply'), 'b', start)).toBe(false);
    expect(trouble.isOfAll(elsewhere(), 'c', start)).toBe(false);
    expect(trouble.isOfAll('text', 'd', start)).toBe(false);
  });

  it('is forgotten after ten minutes', () => {
    const trouble = new SharedTrouble();
    trouble.isOfAll(invalid('x'), 'a', start);
    trouble.isOfAll(invalid('x'), 'b', after(300));
    expect(trouble.isOfAll(invalid('x'), 'c', after(601))).toBe(false);
    expect(trouble.isOfAll(invalid('x'), 'd', after(602))).toBe(true);
  });
});
