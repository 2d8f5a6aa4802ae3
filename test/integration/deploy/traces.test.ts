/**
 * The operator as its image has it, one bundled file with the OpenTelemetry API inside, beside the SDK that somebody puts into its
 * process: its spans come to a receiver. The API server is real, so there are calls.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { assembleOperator } from '../../../images/contexts.ts';
import { repositoryDirectory } from '../../../kit/paths.ts';
import { lineProgress, Sandbox } from '../../../sandbox/index.ts';
import { Kubectl } from '../../../sandbox/installation/kubectl.ts';
import { installAccess, operatorKubeconfig } from '../../../sandbox/installation/operator.ts';
import { leaderElectionOf, leaseArguments } from '../../support/lease.ts';
import { OTLPReceiver } from '../../support/otlp/receiver.ts';
import { waitFor } from '../../support/wait.ts';

let namespace: string;
let kubectl: Kubectl;
let directory: string;
let receiver: OTLPReceiver;
let stop: () => Promise<void>;

beforeAll(async () => {
  const sandbox = await Sandbox.up({
    name: process.env['JTEL_SANDBOX'] || 'test',
    only: ['control-plane'],
    progress: lineProgress(),
  });
  await installAccess(sandbox);
  kubectl = await Kubectl.find(sandbox.kubeconfigPath);
  namespace = `traces-${crypto.randomUUID().slice(0, 8)}`;
  await kubectl.run(['create', 'namespace', namespace]);
  await kubectl.apply(await leaderElectionOf(namespace));
  directory = await mkdtemp(join(tmpdir(), 'traces-'));
  await assembleOperator(directory);
  receiver = await OTLPReceiver.start();
  const child = spawn(
    process.execPath,
    [
      ['--import', join(repositoryDirectory, 'test/support/otlp/sdk.ts')],
      [join(directory, 'jtel-operator.js')],
      ['run', '--kubeconfig', await operatorKubeconfig(sandbox, 'machine'), '--health-port', '0'],
      ['--namespace', namespace, ...leaseArguments(namespace), '--allow-unsigned-releases'],
      ['--toolbox-image', `registry.example.com/toolbox@sha256:${'0'.repeat(64)}`],
    ].flat(),
    {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint },
    },
  );
  const ended = once(child, 'exit');
  stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
});
afterAll(async () => {
  await stop?.();
  await receiver?.[Symbol.asyncDispose]();
  await kubectl?.run(['delete', 'namespace', namespace, '--wait=false']);
  await rm(directory, { recursive: true });
});

it('a look at a store has the calls of the API that it needed below it', async () => {
  await kubectl.apply([
    {
      apiVersion: 'jtel.de/v1alpha1',
      kind: 'JtelBackupStore',
      metadata: { namespace, name: 'customer' },
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
  await waitFor('the spans of a look', () => receiver.paths().has('look store > call'), {
    timeoutSeconds: 90,
  });
  const calls = receiver.spans.filter((span) => receiver.path(span).join(' > ') === 'look store > call');
  const purposes = calls.flatMap(({ attributes }) => attributes).map(({ value }) => value.stringValue);
  expect(purposes.join('\n')).toContain('customer');
  const look = receiver.spans.find(({ name }) => name === 'look store');
  expect(look?.attributes).toEqual([{ key: 'object', value: { stringValue: `${namespace}/customer` } }]);
});
