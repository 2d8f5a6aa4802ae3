/**
 * Campaign `specification`: every leaf of a stack's spec is changed and changed back. The host then holds
 * what it holds for somebody who wrote that spec from the start (A→B equals fresh B, A→B→A equals A). A spec
 * that cannot be carried out, such as hostile text, does no harm, and the stack leaves it behind unaided
 * (A→bad→A). A stack can be deleted in every phase of its life.
 */
import { randomBytes } from 'node:crypto';
import { annotations, labels, stackKind, type JtelStackSpec } from '../../../crds/index.ts';
import { aStack } from '../../../controllers/stack/testing.ts';
import { fileNamesKey, newFileNames } from '../../../controllers/inputs/file-names.ts';
import { selfSignedCertificate } from '../../../controllers/inputs/self-signed.ts';
import type { HostSetup } from '../../../host-driver/host.ts';
import { secrets } from '../../../runtime/client/kinds.ts';
import { waitFor } from '../../support/wait.ts';
import type { Campaign, CampaignCase, CampaignForm } from '../campaign.ts';
import { checkDeleted, checkEqual } from '../oracles.ts';
import { hostileTexts, leaves, put, schemaLeaves, type Draft, type Leaf } from './leaves.ts';
import { Process, stackKey, World } from '../../support/world/world.ts';

const never = new AbortController().signal;
const project = 'jtel-acme-main';
const address = '192.0.2.10';
/** The short form takes one case out of so many. */
const shortStep = 29;

export const specificationCampaign: Campaign = {
  title: 'every leaf of the specification changed and changed back',
  parallel: 3,
  cases: (form) => casesOf(form),
};

function casesOf(form: CampaignForm): readonly CampaignCase[] {
  const known = new Set(leaves.map(({ path }) => path));
  const inSchema = new Map(schemaLeaves().map((leaf) => [leaf.path, leaf]));
  const coverage: CampaignCase = {
    name: 'every leaf of the schema is in the table, and nothing else',
    run: () => {
      const missing = [...inSchema.keys()].filter((path) => !known.has(path));
      const gone = [...known].filter((path) => !inSchema.has(path));
      if (missing.length + gone.length > 0)
        throw new Error(
          `say in leaves.ts what to do with: ${missing.join(', ') || 'nothing'}; remove: ${gone.join(', ') || 'nothing'}`,
        );
    },
  };
  const texts = leaves.filter(
    ({ path }) => inSchema.get(path)?.closed === false && typeof read(newSpec(), path) === 'string',
  );
  const all: readonly CampaignCase[] = [
    ...leaves.flatMap(leafCases),
    ...texts.flatMap(({ path }) =>
      hostileTexts.map(([what, text]) => ({
        name: `${path}: ${what}, and back`,
        run: () => recovers(put(path, text)),
      })),
    ),
    ...deletionCases(),
  ];
  return [coverage, ...(form === 'long' ? all : all.filter((_, index) => index % shortStep === 0))];
}

function leafCases({ path, to, bad, kind }: Leaf): readonly CampaignCase[] {
  return [
    ...(to === undefined || kind === 'Switch'
      ? []
      : [{ name: `${path}: changed equals fresh`, run: () => changedEqualsFresh(to) }]),
    ...(to === undefined ? [] : [{ name: `${path}: changed and changed back`, run: () => recovers(to) }]),
    ...(bad === undefined
      ? []
      : [{ name: `${path}: what cannot be done, and back`, run: () => recovers(bad) }]),
  ];
}

async function changedEqualsFresh(to: Leaf['to'] & object): Promise<void> {
  const spec = newSpec();
  const changed = await installed(newSpec());
  to(spec);
  await settle(changed, () => changed.change(spec as unknown as JtelStackSpec));
  const fresh = await installed(spec);
  checkEqual(endState(changed), endState(fresh), 'changed', 'fresh');
}

async function recovers(change: Leaf['to'] & object): Promise<void> {
  const world = await installed(newSpec());
  const before = endState(world);
  const spec = newSpec();
  change(spec);
  await settle(world, () => world.change(spec as unknown as JtelStackSpec));
  await settle(world, () => world.change(newSpec() as unknown as JtelStackSpec), 'Ready');
  checkEqual(endState(world), before, 'after it', 'before');
}

/** Deletes the stack after every so many effects of an installation, under every policy. */
function deletionCases(): readonly CampaignCase[] {
  const moments = Array.from({ length: 20 }, (_, index) => 1 + index * 3);
  return moments.flatMap((moment) =>
    (['Orphan', 'Stop', 'Destroy'] as const).map((deletionPolicy) => ({
      name: `deleted with ${deletionPolicy} after effect ${moment}`,
      run: () => deletedAt(moment, deletionPolicy),
    })),
  );
}

async function deletedAt(moment: number, deletionPolicy: 'Orphan' | 'Stop' | 'Destroy'): Promise<void> {
  const world = await newWorld();
  const { uid } = (
    await world.apply({ ...aStack(), spec: { ...newSpec(), deletionPolicy } as unknown as JtelStackSpec })
  ).metadata;
  const process = new Process(world);
  try {
    await process.until(
      'the moment',
      async () => process.effects >= moment || (await world.find())?.status?.phase === 'Ready',
    );
    const live = await world.stack();
    await world.cluster
      .patchAnnotations(stackKind, live, { [annotations.confirmDestroy]: uid }, { signal: never })
      .catch(() => retryConsent(world, uid));
    await world.cluster.delete(stackKind, stackKey, { uid }, { signal: never });
    await process.until('the object to be gone', async () => (await world.find()) === undefined);
  } finally {
    await process.kill();
  }
  checkDeleted(world, deletionPolicy);
}

/** The operator writes at the same time. */
async function retryConsent(world: World, uid: string): Promise<void> {
  await waitFor(
    'the consent',
    async () => {
      const live = await world.stack();
      return await world.cluster
        .patchAnnotations(stackKind, live, { [annotations.confirmDestroy]: uid }, { signal: never })
        .then(
          () => true,
          () => false,
        );
    },
    { intervalMilliseconds: 1 },
  );
}

async function installed(spec: Draft): Promise<World> {
  const world = await newWorld();
  await settle(world, () => world.apply({ ...aStack(), spec: spec as unknown as JtelStackSpec }), 'Ready');
  return world;
}

/** Lets an operator live until it has looked at the spec, nothing is under way, and it has come to rest. */
async function settle(world: World, act: () => Promise<unknown>, phase?: string): Promise<void> {
  await act();
  const process = new Process(world);
  let [effects, turns] = [-1, 0];
  try {
    await process.until(`rest${phase === undefined ? '' : ` in ${phase}`}`, async () => {
      const { metadata, status } = await world.stack();
      const done =
        status?.observedGeneration === metadata.generation &&
        (phase === undefined || (status.phase === phase && status.operation === undefined));
      turns = done && process.effects === effects ? turns + 1 : 0;
      effects = process.effects;
      return turns > quietTurns;
    });
  } finally {
    await process.kill();
  }
}

/**
 * Turns of 2 ms: many times longer than between two looks, because the campaign's clock runs a hundred times faster. Turns
 * and no time, because a process that stands still for a while does nothing.
 */
const quietTurns = 60;

/** Everything on the host that a spec decides. */
function endState(world: World): unknown {
  const machine = world.machine(address);
  const here = machine.projects.get(project);
  return {
    containers: [...(here?.containers.values() ?? [])]
      .map(({ service, image, state, configHash }) => `${service} ${image} ${state} ${configHash}`)
      .toSorted(),
    volumes: [...(here?.volumes.keys() ?? [])].toSorted(),
    release: here?.current,
    version: here?.state?.applied?.version,
    firewall: machine.firewall,
    setup: withoutVersion(machine.setups.at(-1)),
    update: here?.state?.update,
    jobs: [...machine.jobs.values()].filter(({ spec }) => spec.type !== 'backup').length,
  };
}

let material:
  | Promise<readonly { readonly name: string; readonly stringData: Record<string, string> }[]>
  | undefined;

/** Made once, because generated values would differ from world to world. */
async function secretMaterial(): Promise<
  readonly { readonly name: string; readonly stringData: Record<string, string> }[]
> {
  const certificates = await Promise.all(
    ['a', 'b', 'c'].map((name) => selfSignedCertificate(`${name}.jtel.example`)),
  );
  const [own = '', first = '', second = ''] = certificates;
  const tls = (pem: string): Record<string, string> => {
    const [key = '', certificate = ''] = pem.split(/(?=-----BEGIN CERTIFICATE)/);
    return { 'tls.key': key, 'tls.crt': certificate };
  };
  const login = {
    '.dockerconfigjson': JSON.stringify({
      auths: { 'registry.jtel.example': { username: 'u', password: 'p' } },
    }),
  };
  return [
    {
      name: 'main-credentials',
      stringData: {
        'database-root-password': 'r'.repeat(32),
        'self-signed.pem': own,
        [fileNamesKey]: newFileNames(randomBytes(32).toString('hex')),
      },
    },
    { name: 'tls', stringData: tls(first) },
    { name: 'tls-2', stringData: tls(second) },
    { name: 'registry', stringData: login },
    { name: 'registry-2', stringData: login },
    { name: 'proxy', stringData: { username: 'u', password: 'p' } },
    { name: 'proxy-2', stringData: { username: 'v', password: 'q' } },
    { name: 'env', stringData: { token: 'one', other: 'two' } },
    { name: 'env-2', stringData: { token: 'three' } },
  ];
}

async function newWorld(): Promise<World> {
  const world = await World.create();
  const ssh = await world.cluster.getSecret(stackKey.namespace, 'ssh', { signal: never });
  const given = [
    { name: 'ssh-2', stringData: { 'ssh-privatekey': ssh.get('ssh-privatekey') } },
    ...(await (material ??= secretMaterial())),
  ];
  for (const { name, stringData } of given) {
    await world.cluster.create(
      secrets,
      {
        metadata: { namespace: stackKey.namespace, name, labels: { [labels.stack]: stackKey.name } },
        stringData,
      },
      { signal: never },
    );
  }
  return world;
}

/** Each world has its own Secrets, with versions of their own. */
function withoutVersion(setup: HostSetup | undefined): unknown {
  if (setup?.proxy?.credentials === undefined) return setup;
  const { version: _, ...credentials } = setup.proxy.credentials;
  return { ...setup, proxy: { ...setup.proxy, credentials } };
}

/** Spec A says everything that can be said. */
function newSpec(): Draft {
  return structuredClone({
    ...aStack().spec,
    version: '3.43.2',
    size: 'Small',
    host: {
      ...aStack().spec.host,
      address,
      jumpHost: {
        address: '192.0.2.1',
        port: 22,
        user: 'jtel',
        sshSecretRef: { name: 'ssh' },
        hostKeyFingerprints: [`SHA256:${'A'.repeat(43)}`],
      },
      dns: {
        nameservers: ['192.0.2.53'],
        searchDomains: ['jtel.example'],
        hosts: [{ ip: '192.0.2.77', names: ['pbx.example'] }],
      },
      proxy: {
        http: 'http://192.0.2.9:3128',
        https: 'http://192.0.2.9:3128',
        noProxy: ['.jtel.example'],
        credentialsSecretRef: { name: 'proxy' },
      },
      docker: { bridgeAddress: '10.97.0.1/16', addressPools: [{ base: '10.96.0.0/16', size: 24 }] },
      timeZone: 'Europe/Berlin',
    },
    network: {
      fqdn: 'acme.jtel.example',
      aliases: ['www.jtel.example'],
      tlsSecretRef: { name: 'tls' },
      allow: {
        admin: ['192.0.2.0/24'],
        web: ['0.0.0.0/0'],
        sip: [{ name: 'trunk', cidr: '198.51.100.0/24' }],
      },
    },
    components: [
      {
        name: 'acd-web',
        state: 'Enabled',
        replicas: 2,
        resources: { cpu: '1', memory: '256Mi' },
        env: [
          { name: 'NOTE', value: 'plain' },
          { name: 'TOKEN', secretKeyRef: { name: 'env', key: 'token' } },
        ],
      },
      { name: 'acd-dbs', state: 'Enabled' },
    ],
    imagePullSecretRef: { name: 'registry' },
    initialData: { source: 'Vanilla' },
    backup: {
      storeRef: { name: 'customer' },
      identity: 'acme.main',
      schedule: '0 2 * * *',
      timeZone: 'Europe/Berlin',
      scheduleSpreadMinutes: 45,
      state: 'Enabled',
      verify: 'Checksum',
      method: 'Physical',
      objectives: { recoveryPointHours: 26, recoveryTimeMinutes: 60 },
      bandwidthLimitMiBPerSecond: 100,
      startDeadlineMinutes: 720,
      historyLimit: 14,
    },
    update: {
      ...aStack().spec.update,
      windows: [{ days: ['Sun'], start: '02:00', durationMinutes: 120, timeZone: 'Europe/Berlin' }],
    },
  }) as unknown as Draft;
}

function read(spec: Draft, path: string): unknown {
  let value: unknown = spec;
  for (const key of path.replaceAll('[]', '.0').split('.'))
    value = (value as Record<string, unknown> | undefined)?.[key];
  return value;
}
