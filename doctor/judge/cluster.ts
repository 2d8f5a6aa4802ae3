/** Whether the cluster serves what this program speaks, and whether an operator works in it. Pure. */
import semver from 'semver';
import type { Schema } from '../../crds/crd.ts';
import { failed, ok, skipped, warning, type Judgement } from '../finding.ts';

/** The chart asks for the same; `test/integration/crds/minimum.test.ts` proves it. */
export const oldestKubernetes = '1.34.0';
const mostNamed = 8;

/** @param gitVersion as /version says it: `v1.34.1+k3s1` */
export function judgeApiServer(gitVersion: string, server: string): Judgement {
  const version = semver.coerce(gitVersion.slice(0, 100));
  if (version === null)
    return warning(
      `The API server at ${server} answers and does not say its version.`,
      `See with \`kubectl version\` that it is ${oldestKubernetes} or later.`,
    );
  const seen = `The API server at ${server} answers; it is Kubernetes ${version.version}.`;
  return semver.gte(version, oldestKubernetes)
    ? ok(seen)
    : failed(seen, `Upgrade the cluster to ${oldestKubernetes} or later: older ones refuse the kinds.`);
}

export interface ServedKinds {
  /** Of the group; empty without any of its kinds. */
  readonly versions: readonly string[];
  /** Plurals of the version that this program speaks. */
  readonly plurals: readonly string[];
}

const installKinds =
  'Install the CRDs: helm upgrade --install with crds.install, or kubectl apply -k crds/ (docs/install.md).';

export function judgeKinds(
  { versions, plurals }: ServedKinds,
  version: string,
  wanted: readonly string[],
): Judgement {
  if (versions.length === 0) return failed('The cluster has no kind of jtel.de.', installKinds);
  if (!versions.includes(version))
    return failed(
      `The cluster serves jtel.de in ${listed(versions)}, and this program speaks ${version}.`,
      'Use the program and the CRDs of one release.',
    );
  const missing = wanted.filter((plural) => !plurals.includes(plural));
  return missing.length === 0
    ? ok(`The cluster serves ${wanted.join(', ')} in ${version}.`)
    : failed(`The cluster does not serve ${listed(missing)}.`, installKinds);
}

/** A kind as the API server publishes it, and as this program has it. */
export interface KindSchemas {
  readonly kind: string;
  readonly own: Schema;
  /** Undefined if it was not published. Anything may be in it. */
  readonly published: unknown;
}

export function judgeFields(kinds: readonly KindSchemas[]): Judgement {
  const unpublished = kinds.filter(({ published }) => published === undefined);
  if (unpublished.length > 0)
    return skipped(
      `The API server does not publish the schema of ${unpublished.map(({ kind }) => kind).join(', ')}.`,
      'Install the CRDs first; a moment after that the API server publishes them.',
    );
  const missing = kinds.flatMap(({ kind, own, published }) =>
    missingFields(own, published).map((path) => `${kind}.${path}`),
  );
  return missing.length === 0
    ? ok('The kinds in the cluster have every field that this program knows.')
    : failed(
        `The CRDs in the cluster are older than this program: they lack ${listed(missing)}.`,
        'Upgrade the CRDs: helm upgrade, or kubectl apply -k crds/ of this release (docs/install.md).',
      );
}

/** Fields that the first has and the second lacks; of a field that is missing, nothing below it is named. */
function missingFields(own: Schema, published: unknown, path = ''): readonly string[] {
  const theirs = record(published);
  const properties = record(theirs?.['properties']);
  const below = Object.entries(own.properties ?? {}).flatMap(([name, schema]) => {
    if (path === '' && ['apiVersion', 'kind', 'metadata'].includes(name)) return [];
    const full = path === '' ? name : `${path}.${name}`;
    return properties === undefined || !Object.hasOwn(properties, name)
      ? [full]
      : missingFields(schema, properties[name], full);
  });
  return own.items === undefined
    ? below
    : [...below, ...missingFields(own.items, theirs?.['items'], `${path}[]`)];
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

/** What a Lease says, or that there is none. */
export interface SeenLease {
  readonly holder?: string | undefined;
  /** RFC 3339. */
  readonly renewTime?: string | undefined;
  readonly durationSeconds?: number | undefined;
}

/** The clock here may differ from the holder's. */
const leaseToleranceSeconds = 60;

export function judgeLease(lease: SeenLease | undefined, name: string, now: Date): Judgement {
  const install =
    'Install the operator (docs/install.md), or say where it is: --operator-namespace, --operator-name.';
  if (lease === undefined)
    return failed(`There is no Lease ${name}: no operator ever worked there.`, install);
  const { holder = '', renewTime, durationSeconds = 15 } = lease;
  const age = ageSeconds(renewTime, now);
  if (holder === '' || Number.isNaN(age))
    return failed(
      `Nobody holds the Lease ${name}: the operator was stopped.`,
      `Start it again (kubectl -n ${name.split('/')[0]} get pods), or see in its log why it does not run.`,
    );
  const seen = `${holder} holds the Lease ${name} and renewed it ${Math.max(0, age)} s ago`;
  return age <= durationSeconds + leaseToleranceSeconds
    ? ok(`${seen}.`)
    : failed(
        `${seen}, longer than its ${durationSeconds} s: no operator works.`,
        'See with kubectl get pods and logs why it stopped; if it does run, compare the clocks.',
      );
}

export interface NamedLease {
  /** `NAMESPACE/NAME` */
  readonly name: string;
  /** Undefined: there is none. */
  readonly lease: SeenLease | undefined;
}

/**
 * Of replicas that share the stacks, each Lease stands for a part of them.
 * @param leases that of shard 0 first; it is the only one of an operator that shares with nobody
 */
export function judgeLeases(leases: readonly NamedLease[], now: Date): Judgement {
  const judged = leases.map(({ name, lease }, index) => ({
    name,
    judgement: index === 0 ? judgeLease(lease, name, now) : judgePart(lease, name, now),
  }));
  const [bad, ...others] = judged.filter(({ judgement }) => judgement.verdict !== 'Ok');
  if (bad !== undefined) {
    const { seen, next = '' } = bad.judgement;
    const also = others.length === 0 ? '' : ` Not held, either: ${listed(others.map(({ name }) => name))}.`;
    return failed(`${seen}${also}`, next);
  }
  const [only, ...more] = judged;
  if (only !== undefined && more.length === 0) return only.judgement;
  const holders = new Set(leases.map(({ lease }) => lease?.holder));
  const oldest = Math.max(0, ...leases.map(({ lease }) => ageSeconds(lease?.renewTime, now)));
  return ok(
    `${holders.size === 1 ? '1 replica holds' : `${holders.size} replicas hold`} the ${leases.length} Leases of ${only?.name}, the oldest renewed ${oldest} s ago.`,
  );
}

/** Nobody holds one, while others work. */
function judgePart(lease: SeenLease | undefined, name: string, now: Date): Judgement {
  const judged = judgeLease(lease, name, now);
  if (judged.verdict === 'Ok') return judged;
  return failed(
    `Nobody holds the Lease ${name}, so nobody looks after its part of the stacks.`,
    'See in the log of the operator why no replica takes it: its Role must name the Lease (docs/shards.md).',
  );
}

function ageSeconds(renewTime: string | undefined, now: Date): number {
  return Math.round((now.getTime() - Date.parse(renewTime ?? '')) / 1000);
}

/**
 * Whether an operator that works looks after these namespaces, too.
 * @param watched undefined if it does not say: before 0.2.0
 */
export function judgeWatched(
  watched: readonly string[] | 'All' | undefined,
  wanted: readonly string[],
): Judgement | undefined {
  if (watched === undefined || watched === 'All') return undefined;
  const missing = wanted.filter((namespace) => !watched.includes(namespace));
  return missing.length === 0
    ? undefined
    : failed(
        `The operator looks after ${listed(watched)} only, not after ${listed(missing)}.`,
        'Name it in deploy/kustomization.yaml, or in namespaces of the chart (docs/install.md).',
      );
}

/** A few of them, and how many more. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, mostNamed).join(', ');
  return names.length <= mostNamed ? shown : `${shown} and ${names.length - mostNamed} more`;
}
