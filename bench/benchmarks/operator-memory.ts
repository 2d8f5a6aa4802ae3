/**
 * `operator.memory`: the memory of the operator's container a minute after its start, when nothing is left to
 * do. Once without stacks; once with a hundred whose hosts refuse the connection, so everything that a stack
 * needs of SSH, Azure and the controllers is loaded and in use.
 */
import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { stackKind } from '../../crds/index.ts';
import { buildOperator } from '../../images/images.ts';
import { Kubectl } from '../../sandbox/installation/kubectl.ts';
import type { Manifest } from '../../sandbox/installation/examples.ts';
import { installAccess, startOperatorContainer } from '../../sandbox/installation/operator.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import type { Benchmark, Contender, Trial } from '../benchmark.ts';
import { formatValue } from '../statistics.ts';

const goalMB = 100;
const restSeconds = 60;
const stackCount = 100;
const emptyNamespace = 'bench-memory-empty';
const fullNamespace = 'bench-memory-full';
/** Never pulled, because no host is reached. */
const toolbox = `registry.invalid/jtel/toolbox@sha256:${'0'.repeat(64)}`;

export const operatorMemory: Benchmark = {
  name: 'operator.memory',
  unit: 'MB',
  runs: 5,
  goal: `less than ${goalMB} MB resident at rest, without stacks`,

  async prepare(context): Promise<Trial> {
    const sandbox = await context.sandbox();
    await buildOperator(sandbox.docker, context.progress);
    await installAccess(sandbox);
    const kubectl = await Kubectl.find(sandbox.kubeconfigPath);
    await kubectl.apply(manifests());
    context.atEnd(async () => {
      // No operator is left to remove the finalizers; no host was ever touched.
      const names = (await kubectl.run(['get', 'jtelstacks', '-n', fullNamespace, '-o', 'name']))
        .split('\n')
        .filter((name) => name !== '');
      for (const name of names)
        await kubectl.run([
          'patch',
          name,
          '-n',
          fullNamespace,
          '--type',
          'merge',
          '-p',
          '{"metadata":{"finalizers":null}}',
        ]);
      await kubectl.run(['delete', 'namespace', emptyNamespace, fullNamespace, '--wait=false']);
    });
    return {
      product: residentMemory('without stacks', sandbox, emptyNamespace),
      peers: [residentMemory(`with ${stackCount} stacks`, sandbox, fullNamespace)],
      judge: (product) => ({
        met: product.median < goalMB,
        because: `${formatValue(product.median)} of ${goalMB} MB`,
      }),
    };
  },
};

function residentMemory(name: string, sandbox: Sandbox, namespace: string): Contender {
  return {
    name,
    run: async () => {
      const operator = await startOperatorContainer(sandbox, {
        toolbox,
        args: ['--namespace', namespace, '--allow-endpoint-range', '127.0.0.0/8'],
      });
      try {
        // The figure is defined by this time; there is no condition to wait for.
        await sleep(restSeconds * 1000);
        const rollup = await sandbox.docker.exec(operator.container, ['cat', '/proc/1/smaps_rollup']);
        const kilobytes = /^Rss:\s+(\d+) kB$/m.exec(rollup)?.[1];
        if (kilobytes === undefined)
          throw new Error(`no Rss in smaps_rollup of ${operator.container}:\n${rollup}`);
        return (Number(kilobytes) * 1024) / 1e6;
      } finally {
        await operator.kill();
        await sandbox.docker.remove(operator.container);
      }
    },
  };
}

function manifests(): readonly Manifest[] {
  const privateKey = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
  }).privateKey;
  const namespace = fullNamespace;
  const group = `${stackKind.group}/${stackKind.version}`;
  return [
    ...[emptyNamespace, fullNamespace].map((name) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
    })),
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'ssh', namespace },
      stringData: { 'ssh-privatekey': privateKey },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'vendor', namespace },
      stringData: {
        endpoint: 'https://127.0.0.1:1/bench',
        accountName: 'bench',
        accountKey: Buffer.alloc(64).toString('base64'),
      },
    },
    {
      apiVersion: group,
      kind: 'JtelBackupStore',
      metadata: { name: 'vendor', namespace },
      spec: {
        tier: 'Vendor',
        azure: {
          endpoint: 'https://127.0.0.1:1/bench',
          container: 'releases',
          credentialsSecretRef: { name: 'vendor' },
        },
      },
    },
    ...Array.from({ length: stackCount }, (_, index) => ({
      apiVersion: group,
      kind: stackKind.kind,
      metadata: { name: `stack-${index}`, namespace },
      spec: {
        version: '3.43.2',
        size: 'Small',
        releaseStoreRef: { name: 'vendor' },
        // The operator's own container, where nobody listens; each has its own port, so each is a separate
        // host.
        host: {
          address: '127.0.0.1',
          port: 20_000 + index,
          sshSecretRef: { name: 'ssh' },
          hostKeyFingerprints: [`SHA256:${'A'.repeat(43)}`],
        },
        network: { fqdn: `stack-${index}.jtel.example` },
      },
    })),
  ];
}
