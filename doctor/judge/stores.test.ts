import { describe, expect, it } from 'vitest';
import { immutable, type StoreObserved } from '../../controllers/store/index.ts';
import { aStore } from '../../controllers/store/testing.ts';
import type { JtelBackupStore } from '../../crds/index.ts';
import { connectAdvice, connectedBy } from './network.ts';
import { judgeImmutability, judgeStore } from './stores.ts';

const required = aStore({ immutability: { policy: 'Required', retentionDays: 180 } });
const listed = (more: object = {}): StoreObserved => ({ kind: 'Listed', contents: { count: 3 }, ...more });
const unusable = (reason: string): StoreObserved =>
  ({ kind: 'Unusable', problem: { reason, message: 'it said \u001b[2J no' } }) as StoreObserved;

function proven(status: 'True' | 'False'): JtelBackupStore {
  const conditions = [
    { type: 'Available', status: 'True', reason: 'Available', message: '', lastTransitionTime: '' },
    {
      type: 'Immutable',
      status,
      reason: 'ImmutabilityVerified',
      message: 'As proven.',
      lastTransitionTime: '',
    },
  ];
  return { ...required, status: { observedGeneration: 1, conditions } as never };
}

describe('a store', () => {
  it.each([
    ['that answers', required, listed(), 'Ok'],
    [
      'whose credentials no job can use',
      required,
      listed({ cannotSign: 'No backup can be made.' }),
      'Failed',
    ],
    ['that nobody reaches', required, unusable('StoreUnreachable'), 'Failed'],
    ['that only the operator reaches', proven('True'), unusable('StoreUnreachable'), 'Warning'],
    ['that refuses us', proven('True'), unusable('StoreCredentialsRefused'), 'Failed'],
  ] as const)('%s', (_, store, observed, verdict) => {
    const judged = judgeStore(store, observed);
    expect(judged.verdict).toBe(verdict);
    expect(judged.seen).not.toContain('\u001b');
  });
});

describe('immutability', () => {
  const policy = { hasImmutabilityPolicy: true, versioning: false };
  const locked = { kind: 'TimeBased', days: 400, isLocked: true } as const;
  const preferred = aStore();
  it.each([
    ['proven by the operator', proven('True'), listed({ policy }), 'Ok'],
    ['disproven by the operator', proven('False'), listed({ policy }), 'Failed'],
    ['locked and long, as the management plane says', required, listed({ policy, retention: locked }), 'Ok'],
    ['not locked', required, listed({ policy, retention: { ...locked, isLocked: false } }), 'Failed'],
    ['too short', preferred, listed({ policy, retention: { ...locked, days: 3 } }), 'Warning'],
    ['of no policy', required, listed({ policy: { ...policy, hasImmutabilityPolicy: false } }), 'Failed'],
    ['of a policy of which nobody knows more', required, listed({ policy }), 'Warning'],
    ['that these credentials cannot ask', required, listed(), 'Skipped'],
    ['of a store that does not answer', required, unusable('StoreUnreachable'), 'Skipped'],
    [
      'that nobody wants',
      aStore({ immutability: { policy: 'None', retentionDays: 180 } }),
      listed(),
      'Warning',
    ],
  ] as const)('%s', (_, store, observed, verdict) =>
    expect(judgeImmutability(store, observed, immutable(store, observed, { kind: 'NotDue' })).verdict).toBe(
      verdict,
    ),
  );
});

it.each([
  ['ECONNREFUSED', 'Operator', 'refuses the connection'],
  ['ETIMEDOUT', 'Operator', 'NetworkPolicy'],
  ['ETIMEDOUT', 'Person', 'a firewall drops'],
  ['EAI_AGAIN', 'Operator', 'DNS (port 53)'],
  ['ENETUNREACH', 'Person', 'no way to'],
  ['EPERM', 'Operator', 'forbid'],
  ['constructor', 'Person', '(constructor)'],
] as const)('a connection that fails with %s, asked by the %s, has its own advice', (code, asker, advice) =>
  expect(connectAdvice(connectedBy(code), 'a.example:443', asker)).toContain(advice),
);
