import { describe, expect, test } from 'vitest';
import { findCondition } from '../../../runtime/report/conditions.ts';
import type { JtelBackupStore } from '../../../crds/index.ts';
import { aStore, now } from '../testing.ts';
import { summarise } from './status.ts';

describe('whoever shares a container is told what that means', () => {
  const azure = { ...aStore().spec.azure, prefix: 'jtel/acme' };
  const said = (store: JtelBackupStore): string =>
    findCondition(
      summarise(store, { kind: 'Listed', contents: undefined }, { kind: 'Written' }, now).conditions,
      'Available',
    )?.message ?? '';

  test.each([
    ['a prefix', aStore({ azure }), true],
    ['identities of others', aStore({ identities: ['another.acme'] }), true],
    ['all identities', aStore({ identities: ['*'] }), true],
    ['its own identities', aStore({ identities: [`${aStore().metadata.namespace}.acme`] }), false],
    ['none of these', aStore(), false],
    ['a prefix, and is only read', aStore({ azure, accessMode: 'ReadOnly' }), false],
    ['a prefix, and is the vendor’s', aStore({ azure, tier: 'Vendor' }), false],
  ])('a store with %s', (_, store, expected) => {
    expect(said(store).includes('one container per customer')).toBe(expected);
  });
});
