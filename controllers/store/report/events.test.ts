import { expect, test } from 'vitest';
import type { JtelBackupStore } from '../../../crds/index.ts';
import { storeEvents } from './events.ts';

type Conditions = NonNullable<NonNullable<JtelBackupStore['status']>['conditions']>;

function statusWith(...conditions: readonly [type: string, status: string, reason: string][]) {
  return {
    conditions: conditions.map(([type, status, reason]) => ({ type, status, reason, message: 'why' })),
  } as object as { readonly conditions: Conditions };
}

test('each change makes one event, whatever else says the same for kstatus', () => {
  const gone = statusWith(
    ['Available', 'False', 'ContainerNotFound'],
    ['Immutable', 'Unknown', 'NotChecked'],
    ['Ready', 'False', 'ContainerNotFound'],
    ['Stalled', 'True', 'ContainerNotFound'],
  );
  const back = statusWith(
    ['Available', 'True', 'StoreReachable'],
    ['Immutable', 'False', 'NotImmutable'],
    ['Ready', 'True', 'StoreReachable'],
  );
  const told = (before: ReturnType<typeof statusWith> | undefined, after: ReturnType<typeof statusWith>) =>
    storeEvents(before, after).map(({ type, reason }) => `${type} ${reason}`);
  expect(told(undefined, gone)).toEqual(['Warning ContainerNotFound']);
  expect(told(gone, back)).toEqual(['Normal StoreReachable', 'Warning NotImmutable']);
  expect(told(back, back)).toEqual([]);
});
