import { expect, it } from 'vitest';
import { plain } from '../view/paint.ts';
import { findingsOf } from './fitness.ts';
import { kinds } from './kinds.ts';
import { versionView } from './view.ts';

const client = { version: '0.2.0', api: 'jtel.de/v1alpha1', node: '24.0.0' };
const context = { paint: plain, now: new Date(0) };

it('shows where what runs, and that it fits', () => {
  const facts = {
    client,
    operators: [
      {
        namespace: 'sys',
        name: 'op',
        version: '0.2.0',
        image: 'r/o@sha256:1',
        readyReplicas: 2,
        replicas: 2,
      },
    ],
    leases: [],
    crds: kinds.map(({ crd: name }) => ({ name, version: '0.2.0' })),
    served: ['v1alpha1'],
  };
  expect(versionView(facts, findingsOf(facts), context)).toEqual([
    'operator     0.2.0 (sys/op, r/o@sha256:1, 2 of 2 ready)',
    'CRDs         0.2.0 (serve v1alpha1)',
    '',
    'They fit together.',
  ]);
});

it('says what does not fit, and what to do', () => {
  const facts = { client, operators: undefined, leases: undefined, crds: [], served: ['v1alpha1'] };
  expect(versionView(facts, findingsOf(facts), context)).toEqual([
    'operator     ?',
    'CRDs         none',
    '',
    '✗ only 0 of 6 CRDs are there',
    '  apply the CRDs of the operator: helm upgrade with crds.install, or kubectl apply --server-side -k deploy',
    '? you may not see the version of the operator',
    '  ask somebody who may list deployments.apps and leases.coordination.k8s.io in its namespace',
  ]);
});

it('shows who holds the Lease of an operator outside the cluster, in 80 columns', () => {
  const lease = {
    namespace: 'jtel-system',
    name: 'jtel-operator',
    holder: 'jtel-sandbox-demo-operator-1a2b3c4d',
    version: undefined,
    isHeld: true,
    seen: 'jtel-sandbox-demo-operator-1a2b3c4d holds the Lease jtel-system/jtel-operator.',
  };
  const facts = { client, operators: [], leases: [lease], crds: [], served: ['v1alpha1'] };
  const lines = versionView(facts, findingsOf(facts), { ...context, width: 80 });
  expect(lines.slice(0, 2)).toEqual([
    'operator     unknown (jtel-sandbox-demo-operator-1a2b3c4d, which holds the Lease',
    '             jtel-system/jtel-operator)',
  ]);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});
