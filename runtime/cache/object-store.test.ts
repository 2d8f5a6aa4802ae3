import { beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../objects.ts';
import { ObjectStore } from './object-store.ts';

interface Widget extends KubernetesObject {
  readonly spec: { readonly secretName: string };
}

function widget(
  name: string,
  version: number,
  overrides: { readonly uid?: string; readonly namespace?: string; readonly secretName?: string } = {},
): Widget {
  const { uid = `uid-${name}`, namespace = 'default', secretName = 'one' } = overrides;
  return { metadata: { namespace, name, uid, resourceVersion: String(version) }, spec: { secretName } };
}

describe('a store', () => {
  let store: ObjectStore<Widget>;
  let told: string[];

  beforeEach(() => {
    store = new ObjectStore<Widget>();
    told = [];
    store.onChange(({ type, object, previous }) =>
      told.push(
        `${type} ${object.metadata?.name}@${object.metadata?.resourceVersion}${previous === undefined ? '' : ` was ${previous.metadata?.resourceVersion}`}`,
      ),
    );
  });

  it('tells additions, changes with what was before, and deletions', () => {
    store.put(widget('a', 1));
    store.put(widget('a', 2));
    store.remove(widget('a', 3));
    expect(told).toEqual(['Added a@1', 'Modified a@2 was 1', 'Deleted a@3']);
    expect(store.size).toBe(0);
  });

  it('says nothing when it hears the same again', () => {
    store.put(widget('a', 1));
    store.put(widget('a', 1));
    store.remove(widget('unknown', 1));
    expect(told).toEqual(['Added a@1']);
  });

  it('tells of a re-created object as of an end and a beginning', () => {
    store.put(widget('a', 1, { uid: 'first' }));
    store.put(widget('a', 2, { uid: 'second' }));
    expect(told).toEqual(['Added a@1', 'Deleted a@1', 'Added a@2']);
  });

  it('tells only the differences of a new list', () => {
    store.replaceAll([widget('a', 1), widget('b', 1), widget('c', 1)]);
    told.length = 0;
    store.replaceAll([widget('a', 1), widget('b', 2), widget('d', 1)]);
    expect(told).toEqual(['Deleted c@1', 'Modified b@2 was 1', 'Added d@1']);
  });

  it('leaves other namespaces alone when one is listed anew', () => {
    store.put(widget('a', 1, { namespace: 'x' }));
    store.put(widget('b', 1, { namespace: 'y' }));
    store.replaceAll([], 'x');
    expect(store.list().map(({ metadata }) => metadata?.name)).toEqual(['b']);
  });

  it('finds objects by an index, of before and after it was made, through changes', () => {
    store.put(widget('a', 1));
    const bySecret = store.index(({ spec }) => [spec.secretName]);
    store.put(widget('b', 1));
    expect(bySecret.get('one').map(({ metadata }) => metadata?.name)).toEqual(['a', 'b']);
    store.put(widget('a', 2, { secretName: 'two' }));
    store.remove(widget('b', 1));
    expect(bySecret.get('one')).toEqual([]);
    expect(bySecret.get('two')).toEqual([widget('a', 2, { secretName: 'two' })]);
  });

  it('stops telling who no longer listens', () => {
    const heard: string[] = [];
    const stop = store.onChange(({ type }) => heard.push(type));
    stop();
    store.put(widget('a', 1));
    expect(heard).toEqual([]);
  });
});
