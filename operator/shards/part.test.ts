import { expect, it } from 'vitest';
import type { JtelBackup, JtelBackupStore, JtelRestore, JtelStack } from '../../crds/index.ts';
import { ObjectStore } from '../../runtime/cache/object-store.ts';
import { partOf } from './part.ts';

function stack(namespace: string, version: string): JtelStack {
  const metadata = { namespace, name: 'main', uid: namespace, resourceVersion: version };
  return { metadata, spec: { version } } as unknown as JtelStack;
}

it('has the objects of its namespaces only, follows them, and finds them by their values', () => {
  const stacks = new ObjectStore<JtelStack>();
  const whole = {
    stacks,
    stores: new ObjectStore<JtelBackupStore>(),
    backups: new ObjectStore<JtelBackup>(),
    restores: new ObjectStore<JtelRestore>(),
  };
  stacks.put(stack('mine', '1'));
  stacks.put(stack('theirs', '1'));
  const { caches: part, close } = partOf(whole, (namespace) => namespace.startsWith('mine'));
  const heard: string[] = [];
  const byVersion = part.stacks.index(({ spec }) => [spec.version]);
  part.stacks.onChange(({ type, key, previous }) =>
    heard.push(`${type} ${key.namespace ?? ''}${previous === undefined ? '' : ', as before'}`),
  );
  expect(part.stacks.synced).toBe(true);
  expect(part.stacks.list().map(({ metadata }) => metadata.namespace)).toEqual(['mine']);

  stacks.put(stack('mine', '2'));
  stacks.put(stack('theirs', '2'));
  stacks.put(stack('mine-too', '2'));
  stacks.remove(stack('theirs', '2'));
  stacks.remove(stack('mine-too', '2'));
  expect(heard).toEqual(['Modified mine, as before', 'Added mine-too', 'Deleted mine-too']);
  expect(byVersion.get('2')).toEqual([stack('mine', '2')]);
  expect(part.stacks.get({ namespace: 'theirs', name: 'main' })).toBeUndefined();

  close();
  stacks.put(stack('mine', '3'));
  expect(heard).toHaveLength(3);
});
