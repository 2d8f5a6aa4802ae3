import { describe, expect, it } from 'vitest';
import { collectionPath, objectPath } from './paths.ts';
import { configMaps, namespaces } from './kinds.ts';

const widgets = { group: 'test.jtel.de', version: 'v1', plural: 'widgets', kind: 'Widget', namespaced: true };

describe('paths', () => {
  it('lead to the core group and to named groups', () => {
    expect(collectionPath(configMaps, 'a')).toBe('/api/v1/namespaces/a/configmaps');
    expect(collectionPath(widgets)).toBe('/apis/test.jtel.de/v1/widgets');
    expect(objectPath(widgets, { namespace: 'a', name: 'b' }, 'status')).toBe(
      '/apis/test.jtel.de/v1/namespaces/a/widgets/b/status',
    );
    expect(objectPath(namespaces, { namespace: '', name: 'kube-system' })).toBe(
      '/api/v1/namespaces/kube-system',
    );
  });

  it('keep a hostile name in its segment', () => {
    expect(objectPath(widgets, { namespace: 'a', name: '../../secrets/x?y=z#' })).toBe(
      '/apis/test.jtel.de/v1/namespaces/a/widgets/..%2F..%2Fsecrets%2Fx%3Fy%3Dz%23',
    );
  });

  it.each([
    ['', 'a'],
    ['..', 'a'],
    ['b', ''],
    ['b', '..'],
    ['.', 'a'],
  ])('refuse name %j in namespace %j, which would address something else', (name, namespace) => {
    expect(() => objectPath(widgets, { namespace, name })).toThrow(
      /needs a name|needs a namespace|no valid name/,
    );
  });
});
