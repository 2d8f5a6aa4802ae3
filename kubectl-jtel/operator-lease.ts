/** Who holds the operator's Lease: all that a cluster knows of an operator that runs outside it. */
import { annotations, labels, versionOfHolder } from '../crds/index.ts';
import { judgeLease } from '../doctor/judge/cluster.ts';
import { leases, type Lease } from '../runtime/client/kinds.ts';
import type { Kit } from './kit.ts';
import { seen, seenOfOperator, usualNamespace } from './seen.ts';

export interface LeaseFact {
  readonly namespace: string;
  readonly name: string;
  readonly holder: string;
  /** Undefined if the holder does not say it, as before 0.2.0. */
  readonly version: string | undefined;
  /** Whether the holder renews it. */
  readonly isHeld: boolean;
  /** The same as a sentence. */
  readonly seen: string;
}

const usualName = 'jtel-operator';

/**
 * @param namespace the only one to look in; undefined: all.
 * @returns undefined if the caller may not see them.
 */
export async function leaseFacts(
  { cluster, call, surroundings }: Pick<Kit, 'cluster' | 'call' | 'surroundings'>,
  namespace: string | undefined,
): Promise<readonly LeaseFact[] | undefined> {
  const labelSelector = `${labels.partOf}=jtel`;
  // That of an operator before 0.2.0 has no label.
  const key = { namespace: namespace ?? usualNamespace, name: usualName };
  const [listed, usual] = await Promise.all([
    seenOfOperator((query) => cluster.list(leases, { ...query, labelSelector }, call), namespace),
    seen(() => cluster.find(leases, key, call)),
  ]);
  // That the usual one is not there says nothing of others.
  if (listed === undefined && usual === undefined) return undefined;
  const isUsual = ({ metadata }: Lease): boolean =>
    metadata?.namespace === key.namespace && metadata.name === key.name;
  const found = [
    ...(usual === undefined ? [] : [usual]),
    ...(listed ?? []).filter((lease) => !isUsual(lease)),
  ];
  return found.map((lease) => leaseFact(lease, surroundings.now()));
}

/** Whether a Lease of the operator's namespace is that of the operator: Helm names it after the release. */
export function isOperators({ metadata }: Lease): boolean {
  return metadata?.labels?.[labels.partOf] === 'jtel' || metadata?.name === usualName;
}

export function leaseFact({ metadata = {}, spec = {} }: Lease, now: Date): LeaseFact {
  const { namespace = '', name = '' } = metadata;
  const { holderIdentity: holder = '', renewTime, leaseDurationSeconds: durationSeconds } = spec;
  const judged = judgeLease({ holder, renewTime, durationSeconds }, `${namespace}/${name}`, now);
  return {
    namespace,
    name,
    holder,
    version: versionOfHolder(metadata.annotations?.[annotations.holderVersion], holder),
    isHeld: judged.verdict === 'Ok',
    seen: judged.seen,
  };
}
