/** The audit lines of a real operator process, as docs/audit.md tells people to read them. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lineProgress, Sandbox } from '../../../sandbox/index.ts';
import { Kubectl } from '../../../sandbox/installation/kubectl.ts';
import {
  installAccess,
  startOperatorProcess,
  type RunningOperator,
} from '../../../sandbox/installation/operator.ts';
import { leaderElectionOf, leaseArguments } from '../../support/lease.ts';
import { waitFor } from '../../support/wait.ts';

const namespace = `audit-${randomUUID().slice(0, 8)}`;
let kubectl: Kubectl;
let operator: RunningOperator;

beforeAll(async () => {
  const sandbox = await Sandbox.up({
    name: process.env['JTEL_SANDBOX'] || 'test',
    only: ['control-plane'],
    progress: lineProgress(),
  });
  await installAccess(sandbox);
  kubectl = await Kubectl.find(sandbox.kubeconfigPath);
  await kubectl.run(['create', 'namespace', namespace]);
  await kubectl.apply(await leaderElectionOf(namespace));
  operator = await startOperatorProcess(sandbox, {
    toolbox: `registry.sandbox:5000/jtel/toolbox@sha256:${'0'.repeat(64)}`,
    name: namespace,
    args: ['--namespace', namespace, ...leaseArguments(namespace), '--audit-log', '-'],
  });
});
afterAll(async () => {
  await operator?.stop();
  await kubectl?.run(['delete', 'namespace', namespace, '--wait=false']);
});

async function lines(): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return (await operator.log())
    .split('\n')
    .filter((line) => line.startsWith('{"audit":'))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

it('are told apart from the log, and say who asked for what', async () => {
  await kubectl.apply([
    {
      apiVersion: 'jtel.de/v1alpha1',
      kind: 'JtelBackupStore',
      metadata: {
        namespace,
        name: 'customer',
        annotations: { 'jtel.de/source-revision': 'main@sha1:8f3a9c1d' },
        labels: { 'kustomize.toolkit.fluxcd.io/name': 'customers' },
      },
      spec: {
        tier: 'Customer',
        accessMode: 'ReadWrite',
        azure: {
          endpoint: 'https://example.invalid',
          container: 'backups',
          credentialsSecretRef: { name: 'none' },
        },
        immutability: { policy: 'Required', retentionDays: 30 },
      },
    },
  ]);
  await waitFor('the request', async () => (await lines()).length > 0);
  const [request] = await lines();
  expect(request).toMatchObject({
    audit: 1,
    type: 'Request',
    request: 'Created',
    kind: 'JtelBackupStore',
    namespace,
    name: 'customer',
    generation: 1,
    sourceRevision: 'main@sha1:8f3a9c1d',
    source: { 'kustomize.toolkit.fluxcd.io/name': 'customers' },
    managers: [{ name: expect.stringContaining('kubectl') }],
  });
  await kubectl.run(['delete', 'jtelbackupstore', 'customer', '-n', namespace]);
  await waitFor('its end', async () => (await lines()).some((line) => line['request'] === 'Gone'));
});
