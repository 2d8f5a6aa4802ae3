import { describe, expect, it } from 'vitest';
import { annotations, type JtelStack } from '../../crds/index.ts';
import { aStack } from '../../controllers/stack/testing.ts';
import { requestLine, requestOf, stackDecisions } from './changes.ts';

type Metadata = Partial<JtelStack['metadata']>;

const stack = (metadata: Metadata = {}, status?: JtelStack['status']): JtelStack =>
  aStack({}, { name: 'main', generation: 1, ...metadata }, status);
const deleted: Metadata = { deletionTimestamp: '2026-03-01T00:00:00Z', generation: 2 };
const consent: Metadata = { annotations: { [annotations.confirmDestroy]: 'uid' } };
const look: Metadata = { annotations: { team: 'blue' } };

describe('a request', () => {
  it.each([
    ['is told of a new object', stack(), undefined, 'Created'],
    [
      'is told of one that changed while nobody looked',
      stack({ generation: 3 }, { observedGeneration: 2 }),
      undefined,
      'Changed',
    ],
    [
      'is not told again after a restart',
      stack({ generation: 3 }, { observedGeneration: 3 }),
      undefined,
      undefined,
    ],
    [
      'is told of a new spec, also if others looked at it already',
      stack({ generation: 3 }, { observedGeneration: 3 }),
      stack({ generation: 2 }),
      'Changed',
    ],
    ['is not told of a new status', stack({}, { observedGeneration: 1 }), stack(), undefined],
    ['is told of a deletion', stack(deleted), stack(), 'Deletion'],
    [
      'is told of a deletion that a new process finds',
      stack(deleted, { observedGeneration: 2 }),
      undefined,
      'Deletion',
    ],
    ['is told of consent', stack(consent), stack(), 'Consent'],
    [
      'is told of consent to a deletion under way',
      stack({ ...deleted, ...consent }),
      stack(deleted),
      'Consent',
    ],
    ['is not told of annotations of others', stack(look), stack(), undefined],
  ] as const)('%s', (_, object, previous, request) =>
    expect(requestOf({ type: 'Modified', object, ...(previous === undefined ? {} : { previous }) })).toBe(
      request,
    ),
  );

  it('says who wrote it when, from which commit, and through which tool', () => {
    const object = stack({
      annotations: {
        [annotations.sourceRevision]: 'main@sha1:8f3a9c1d',
        'argocd.argoproj.io/tracking-id': 'customers:jtel.de/JtelStack:acme/main',
        password: 'hunter2',
      },
      labels: { 'kustomize.toolkit.fluxcd.io/name': 'customers' },
    });
    const live = stack({
      managedFields: [
        { manager: 'kubectl', operation: 'Update', time: '2026-01-01T00:00:00Z' },
        { manager: 'flux', operation: 'Apply', time: '2026-02-01T00:00:00Z' },
        { manager: 'jtel-operator', operation: 'Apply', time: '2026-03-01T00:00:00Z', subresource: 'status' },
      ],
    });
    expect(requestLine('JtelStack', object, 'Changed', live)).toMatchObject({
      kind: 'JtelStack',
      name: 'main',
      sourceRevision: 'main@sha1:8f3a9c1d',
      managers: [
        { name: 'flux', operation: 'Apply', time: '2026-02-01T00:00:00Z' },
        { name: 'kubectl', operation: 'Update', time: '2026-01-01T00:00:00Z' },
      ],
      source: {
        'kustomize.toolkit.fluxcd.io/name': 'customers',
        'argocd.argoproj.io/tracking-id': 'customers:jtel.de/JtelStack:acme/main',
      },
    });
    expect(JSON.stringify(requestLine('JtelStack', object, 'Changed', live))).not.toContain('hunter2');
  });
});

it('an operation that follows another ends that one', () => {
  const operation = (id: string): JtelStack['status'] => ({
    version: '3.43.1',
    operation: { id, type: 'Update' },
  });
  const lines = stackDecisions({
    type: 'Modified',
    object: stack({}, operation('b')),
    previous: stack({}, operation('a')),
  });
  expect(lines.map(({ decision, operation: id, from }) => [decision, id, from])).toEqual([
    ['End', 'a', '3.43.1'],
    ['Begin', 'b', '3.43.1'],
  ]);
});
