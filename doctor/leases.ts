/** Whether an operator works: reads its Lease, and when replicas share the stacks, that of each part. */
import { annotations, mostShards, namespacesOfHolder, shardLease, sharingOf } from '../crds/index.ts';
import { isForbidden } from '../runtime/client/api-error.ts';
import type { Cluster } from '../runtime/client/cluster.ts';
import { leases, type Lease } from '../runtime/client/kinds.ts';
import { skipped, type Judgement } from './finding.ts';
import { judgeLeases, judgeWatched, listed, type NamedLease } from './judge/cluster.ts';

/** A Lease, that there is none, or that the caller may not read it. */
type Read = Lease | 'None' | 'Forbidden';

export interface LeasesSubject {
  readonly cluster: Pick<Cluster, 'find'>;
  readonly operator: { readonly namespace: string; readonly leaseName: string };
  /** With stacks; All for an operator that looks after every namespace. */
  readonly namespaces: readonly string[] | 'All';
  readonly now: () => Date;
}

type Place = Pick<LeasesSubject, 'cluster' | 'operator'>;

/** The Lease of each part; one if it cannot be read into how many the stacks are divided. */
export async function leaseNames(place: Place, signal: AbortSignal): Promise<readonly string[]> {
  return namesBy(await readLease(place, place.operator.leaseName, signal), place.operator.leaseName);
}

export async function examineLeases(
  { cluster, operator, namespaces, now }: LeasesSubject,
  signal: AbortSignal,
): Promise<Judgement> {
  const { namespace, leaseName } = operator;
  const read = (name: string): Promise<Read> => readLease({ cluster, operator }, name, signal);
  const first = await read(leaseName);
  if (first === 'Forbidden') return mayNotRead([`${namespace}/${leaseName}`]);
  const names = namesBy(first, leaseName);
  const others = await Promise.all(names.slice(1).map(read));
  const all = [first, ...others].map((lease, shard) => ({
    name: `${namespace}/${names[shard]}`,
    lease,
  }));
  const readable = all.flatMap(({ name, lease }): NamedLease[] =>
    lease === 'Forbidden' ? [] : [{ name, lease: lease === 'None' ? undefined : seenOf(lease) }],
  );
  const judged = judgeLeases(readable, now());
  if (judged.verdict !== 'Ok') return judged;
  if (readable.length < all.length)
    return mayNotRead(all.flatMap(({ name, lease }) => (lease === 'Forbidden' ? [name] : [])));
  if (first === 'None' || namespaces === 'All') return judged;
  const holder = first.spec?.holderIdentity ?? '';
  const watched = namespacesOfHolder(first.metadata?.annotations?.[annotations.holderNamespaces], holder);
  return judgeWatched(watched, namespaces) ?? judged;
}

async function readLease({ cluster, operator }: Place, name: string, signal: AbortSignal): Promise<Read> {
  try {
    return (await cluster.find(leases, { namespace: operator.namespace, name }, { signal })) ?? 'None';
  } catch (error) {
    if (isForbidden(error)) return 'Forbidden';
    throw error;
  }
}

function namesBy(first: Read, leaseName: string): readonly string[] {
  const shards = typeof first === 'string' ? 1 : shardsOf(first);
  return Array.from({ length: shards }, (_, shard) => shardLease(leaseName, shard));
}

/** Into how many parts its holder, or the last one, divides the stacks: 1 before 0.2.0. */
function shardsOf({ metadata, spec }: Lease): number {
  const said = sharingOf(
    metadata?.annotations?.[annotations.holderShards],
    spec?.holderIdentity || undefined,
  );
  return Math.min(Math.max(1, said?.shards ?? 1), mostShards);
}

function seenOf({ spec = {} }: Lease): NonNullable<NamedLease['lease']> {
  const { holderIdentity: holder, renewTime, leaseDurationSeconds: durationSeconds } = spec;
  return { holder, renewTime, durationSeconds };
}

function mayNotRead(names: readonly string[]): Judgement {
  return names.length === 1
    ? skipped(
        `You may not read the Lease ${names[0]}, so whether an operator works is not known.`,
        'Have an administrator ask, or see in the status of any stack when it was last looked at.',
      )
    : skipped(
        `You may not read the Leases ${listed(names)}, so whether somebody looks after all stacks is not known.`,
        'Have an administrator ask, or see in the status of each stack when it was last looked at.',
      );
}
