/** The repository of customers in examples/, built by the real kubectl as Flux and Argo CD build it. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { Kubectl } from '../../../sandbox/installation/kubectl.ts';
import { run } from '../../../kit/process.ts';
import { problemsOf, type Manifest } from '../../support/validate-spec.ts';

const repository = fileURLToPath(new URL('../../../examples/customer-repo', import.meta.url));
const builtIn = new Set(['Namespace', 'Secret']);

interface Stack extends Manifest {
  readonly spec: {
    readonly version?: string;
    readonly channelRef?: { readonly name: string };
    readonly host: { readonly sshSecretRef: { readonly name: string }; readonly jumpHost?: object };
    readonly backup: { readonly storeRef: { readonly name: string } };
    readonly releaseStoreRef: { readonly name: string };
  };
}

function parsed(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

async function build(folder: string): Promise<Manifest[]> {
  const { binary } = await Kubectl.find('');
  return parsed(await run([binary, 'kustomize', `${repository}/${folder}`]));
}

const customers = globSync('customers/*', { cwd: repository }).toSorted();

it('has customers', () => expect(customers).toEqual(['customers/customer-a', 'customers/customer-b']));

describe.each(customers)('%s', (folder) => {
  const customer = folder.replace('customers/', '');
  let built: readonly Manifest[];
  let stack: Stack;
  beforeAll(async () => {
    built = await build(folder);
    stack = built.find(({ kind }) => kind === 'JtelStack') as Stack;
  });

  it('is made of objects that fit their schemas', () => {
    expect(built.filter(({ kind }) => !builtIn.has(kind)).flatMap(problemsOf)).toEqual([]);
  });

  it('lies in a namespace of its name, with a stack of its name, which ci/check.sh relies on', () => {
    expect(stack.metadata).toMatchObject({ name: customer, namespace: customer });
    const elsewhere = built.filter(({ metadata: { name, namespace = name } }) => namespace !== customer);
    expect(elsewhere).toEqual([]);
  });

  it('has whatever its stack names', () => {
    const has = (kind: string, name: string): boolean =>
      built.some((one) => one.kind === kind && one.metadata.name === name);
    const { host, backup, releaseStoreRef } = stack.spec;
    expect(has('Secret', host.sshSecretRef.name)).toBe(true);
    expect(has('JtelBackupStore', backup.storeRef.name)).toBe(true);
    expect(has('JtelBackupStore', releaseStoreRef.name)).toBe(true);
  });

  it('follows the channel, or has a version of its own, and a jump host on premises', () => {
    const { version, channelRef, host } = stack.spec;
    expect([version === undefined, channelRef === undefined].toSorted()).toEqual([false, true]);
    expect(host.jumpHost !== undefined).toBe(customer === 'customer-b');
  });
});

it('the channel fits its schema', async () => {
  const [channel, ...others] = await build('fleet/channel');
  expect(others).toEqual([]);
  expect(channel && problemsOf(channel)).toEqual([]);
});

it('Flux has a Kustomization for each customer, which waits, decrypts, and lets the stack go', () => {
  const files = globSync('clusters/flux/*.yaml', { cwd: repository });
  const found = files.flatMap((file) => parsed(readFileSync(`${repository}/${file}`, 'utf8')));
  const paths = found.flatMap(({ spec }) => (spec as { path?: string } | undefined)?.path ?? []);
  const own = customers.map((folder) => `./${folder}`);
  expect(paths.toSorted()).toEqual(['./clusters/flux', './fleet/channel', ...own].toSorted());
  for (const folder of own) {
    const name = folder.replace('./customers/', '');
    const one = found.find(({ metadata }) => metadata.name === name);
    expect(one).toMatchObject({
      metadata: { name, namespace: 'flux-system' },
      spec: { path: folder, prune: true, wait: true, decryption: { provider: 'sops' } },
    });
  }
});

it('no secret lies there as it is', () => {
  const files = globSync('**/secrets.yaml', { cwd: repository });
  expect(files).toHaveLength(customers.length + 1);
  const values = files
    .flatMap((file) => parsed(readFileSync(`${repository}/${file}`, 'utf8')))
    .flatMap((secret) => Object.values((secret as { readonly stringData?: object }).stringData ?? {}));
  expect(values.length).toBeGreaterThan(8);
  expect(values.filter((value) => !String(value).startsWith('ENC[AES256_GCM,'))).toEqual([]);
});
