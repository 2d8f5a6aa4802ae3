/** Observes what planning a drill needs. Its stacks come from caches, its tests live, its hosts by one look each. */
import {
  restoreKind,
  type DrillTest,
  type JtelBackup,
  type JtelDrill,
  type JtelRestore,
  type JtelStack,
  type StackHost,
} from '../../../crds/index.ts';
import type { Host, HostDriver, HostObservation } from '../../../host-driver/host.ts';
import type { CallOptions, Cluster } from '../../../runtime/client/cluster.ts';
import { optional } from '../../../base/optional.ts';
import { answersOf } from '../../hosts/answers.ts';
import { readHostTarget } from '../../hosts/host-target.ts';
import { scratchProject } from '../../hosts/scratch-project.ts';
import { outcome, type Outcome } from '../../inputs/outcome.ts';
import { refusalOf } from '../desired/refusal.ts';
import {
  isEnded,
  type Gathered,
  type Member,
  type Remains,
  type SeenHost,
  type SeenTest,
} from './observed.ts';

export interface ObserveDependencies {
  readonly cluster: Cluster;
  readonly driver: HostDriver;
  /** Of all namespaces. */
  readonly stacks: () => readonly JtelStack[];
  readonly drills: () => readonly JtelDrill[];
  readonly backupsOf: (stack: JtelStack) => readonly JtelBackup[];
  readonly restoresOf: (stack: JtelStack) => readonly JtelRestore[];
  readonly backup: (namespace: string, name: string) => JtelBackup | undefined;
}

/** No test has it, and a look at it shows the machine. */
const nobodysProject = 'jtel-test-000000000000';

export async function observe(
  drill: JtelDrill,
  dependencies: ObserveDependencies,
  options: CallOptions,
): Promise<Gathered> {
  const stacks = dependencies.stacks();
  const hosts = new Map<string, Host>();
  const earlier = dependencies.drills().filter((other) => comesBefore(other, drill));
  const seen = await Promise.all(
    drill.spec.hosts.map(async (spec): Promise<SeenHost> => {
      const refusal = refusalOf(spec, stacks, earlier);
      const found = await lookAt(drill, spec.host, nobodysProject, dependencies, options);
      const facts = found.seen.ok ? { ok: true as const, value: found.seen.value.facts } : found.seen;
      const byFacts = facts.ok ? refusalOf(spec, stacks, earlier, facts.value) : undefined;
      return { spec, facts, ...optional({ refusal: refusal ?? byFacts }) };
    }),
  );
  const tests = await Promise.all(
    (drill.status?.tests ?? []).map((test) => observeTest(drill, test, hosts, dependencies, options)),
  );
  const members = stacks
    .filter((stack) => isSelected(drill, stack))
    .map((stack): Member => {
      const { backupsOf, restoresOf } = dependencies;
      return { stack, backups: backupsOf(stack), restores: restoresOf(stack) };
    });
  return { observed: { members, hosts: seen, tests }, hosts };
}

function isSelected({ spec }: JtelDrill, { metadata: { labels = {} } }: JtelStack): boolean {
  return spec.selector?.labels.every(({ name, value }) => labels[name] === value) ?? true;
}

/** One of two drills with the same host may use it. */
function comesBefore({ metadata: other }: JtelDrill, { metadata }: JtelDrill): boolean {
  const rank = ({ creationTimestamp = '', name }: JtelDrill['metadata']): string =>
    `${creationTimestamp} ${name}`;
  return other.name !== metadata.name && rank(other) < rank(metadata);
}

async function observeTest(
  drill: JtelDrill,
  test: DrillTest,
  hosts: Map<string, Host>,
  dependencies: ObserveDependencies,
  options: CallOptions,
): Promise<SeenTest> {
  const { namespace } = test;
  const restore = await dependencies.cluster.find(restoreKind, { namespace, name: test.restore }, options);
  const backup = dependencies.backup(namespace, test.backup);
  const known = { test, ...optional({ restore, backup }) };
  if (!isEnded(known, drill.metadata.name) || test.uid === undefined) return known;
  const place = drill.spec.hosts.find(({ name }) => name === test.host)?.host ?? restore?.status?.testHost;
  if (place === undefined) return { ...known, remains: { is: 'Gone' } };
  const project = scratchProject({ metadata: { uid: test.uid } });
  const { host, seen } = await lookAt(drill, place, project, dependencies, options);
  if (host !== undefined) hosts.set(test.uid, host);
  return { ...known, remains: remainsIn(seen) };
}

function remainsIn(seen: Outcome<HostObservation>): Remains {
  if (!seen.ok) return { is: 'Unknown' };
  const { state, containers, jobs, volumes, facts } = seen.value;
  const isClean = state === undefined && containers.length === 0 && jobs.length === 0 && volumes.length === 0;
  return isClean ? { is: 'Clean' } : { is: 'Left', state, facts };
}

async function lookAt(
  { spec: { secretNamespace } }: JtelDrill,
  place: StackHost,
  project: string,
  { cluster, driver }: ObserveDependencies,
  options: CallOptions,
): Promise<{ readonly host?: Host; readonly seen: Outcome<HostObservation> }> {
  const owner = { metadata: { namespace: secretNamespace }, spec: { host: place } };
  const target = await outcome(() => readHostTarget(cluster, owner, options, 'spec.hosts'));
  if (!target.ok) return { seen: target };
  const host = driver.host(target.value);
  const ask = answersOf(place.address, options.signal);
  return { host, seen: await outcome(() => ask((signal) => host.observe(project, 'quick', signal))) };
}
