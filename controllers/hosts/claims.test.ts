import { expect, it } from 'vitest';
import { HostClaims } from './claims.ts';

it('claims with an epoch newer than host and status have seen', () => {
  const claims = new HostClaims();
  expect(claims.next('stack', { host: 4, status: 6 })).toBe(7);
  expect(claims.next('stack', {})).toBe(1);
});

it('holds a machine only once it was claimed, and only for that stack', () => {
  const claims = new HostClaims();
  claims.claimed('stack', 'machine-1', 7);
  expect(claims.held('stack', 'machine-1')).toBe(7);
  expect(claims.held('stack', 'machine-2')).toBeUndefined();
  expect(claims.held('other', 'machine-1')).toBeUndefined();
});

it('takes a second machine with the same epoch, unless that machine has seen it already', () => {
  const claims = new HostClaims();
  claims.claimed('stack', 'machine-1', 7);
  expect(claims.next('stack', { host: 3 })).toBe(7);
  // Somebody else may hold it under the very same number.
  expect(claims.next('stack', { host: 7 })).toBe(8);
});

it('has to claim every machine again after a newer epoch, or after it was fenced', () => {
  const claims = new HostClaims();
  claims.claimed('stack', 'machine-1', 7);
  claims.claimed('stack', 'machine-2', 8);
  expect(claims.held('stack', 'machine-1')).toBeUndefined();
  claims.forget('stack');
  expect(claims.held('stack', 'machine-2')).toBeUndefined();
});
