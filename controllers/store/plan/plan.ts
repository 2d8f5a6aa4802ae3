/**
 * When a probe is due. An immutable store keeps every probe for its whole period. So there is at most one a day for each store,
 * and one after a change of its spec. The probe's name is made of these, and writing the same probe again adds nothing.
 */
import { createHash } from 'node:crypto';
import type { JtelBackupStore } from '../../../crds/index.ts';
import { findCondition } from '../../../runtime/report/conditions.ts';
import type { Observed } from '../observe/observed.ts';
import type { Action, Cause } from './actions.ts';

const probeIntervalSeconds = 86_400;

/** Until the next look at a store that is well. */
export const checkIntervalSeconds = 600;
/** Until the next look at a store that is not. Somebody who repairs a Secret or a network does not want to wait. */
export const retryIntervalSeconds = 60;

export function plan(store: JtelBackupStore, observed: Observed, now: Date): readonly Action[] {
  if (observed.kind !== 'Listed' || store.spec.accessMode !== 'ReadWrite') return [];
  const cause = whyProbe(store, now);
  if (cause === undefined) return [];
  const { uid, generation, namespace, name } = store.metadata;
  const day = now.toISOString().slice(0, 10);
  const id = createHash('sha256').update(`${uid} ${generation}`).digest('hex').slice(0, 16);
  const content = `A probe of the jtel operator: JtelBackupStore ${namespace}/${name} could be written on ${day}. ${id}\n`;
  const probe = `.jtel-probe/${day}-${id}`;
  const proof =
    store.spec.immutability.policy === 'None'
      ? []
      : [{ type: 'ProveImmutable', name: probe, cause } as const];
  return [{ type: 'WriteProbe', name: probe, content, cause }, ...proof];
}

/** Undefined: no probe is due. */
function whyProbe({ metadata, status }: JtelBackupStore, now: Date): Cause | undefined {
  if (status?.lastProbeTime === undefined) return 'NeverProbed';
  if (status.observedGeneration !== metadata.generation) return 'SpecChanged';
  // Whoever repairs a policy wants to see it. The same probe is tried again, which adds nothing.
  if (findCondition(status.conditions, 'Immutable')?.status === 'False') return 'NotImmutable';
  const ageSeconds = (now.getTime() - Date.parse(status.lastProbeTime)) / 1000;
  // A time in the future (somebody put a clock back) would otherwise switch probing off.
  return ageSeconds >= 0 && ageSeconds < probeIntervalSeconds ? undefined : 'ProbeOld';
}
