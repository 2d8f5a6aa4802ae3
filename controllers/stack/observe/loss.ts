/** Finds out whether data that were loaded are still there, and what backup could take their place; looks at the store only when they are not. */

import type { JtelStack } from '../../../crds/index.ts';
import type { HostObservation, RenderedRelease } from '../../../host-driver/host.ts';
import { missingData } from '../../../host-driver/missing-data.ts';
import type { CallOptions } from '../../../runtime/client/cluster.ts';
import type { DataDependencies } from './data-source.ts';
import type { DataLoss } from '../findings.ts';
import { outcome } from '../../inputs/outcome.ts';
import { newestBackup } from './newest-backup.ts';

/** A store that hangs must not hold up what is said of the host. */
const storeTimeoutSeconds = 8;

export async function observeLoss(
  stack: JtelStack,
  host: HostObservation,
  release: Pick<RenderedRelease, 'digest' | 'data'>,
  dependencies: DataDependencies,
  options: CallOptions,
): Promise<DataLoss | undefined> {
  const loss = findLoss(stack, host, release);
  if (loss === undefined || stack.spec.backup === undefined) return loss;
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(storeTimeoutSeconds * 1000)]);
  return {
    ...loss,
    newest: await outcome(() =>
      newestBackup(stack, 'BackupNotConfigured', dependencies, { ...options, signal }),
    ),
  };
}

/** Pure. Docker that does not answer shows no volumes, and that proves nothing. */
function findLoss(
  { metadata, status }: JtelStack,
  host: HostObservation,
  release: Pick<RenderedRelease, 'digest' | 'data'>,
): DataLoss | undefined {
  // The deletion may have destroyed them, and nothing is started on what is left.
  if (metadata.deletionTimestamp !== undefined) return undefined;
  if (host.facts.dockerVersion === undefined) return undefined;
  const { state } = host;
  const missing = missingData(state, release, host);
  if (missing.length > 0 && state?.data !== undefined)
    return { what: { kind: 'Volumes', missing }, source: state.data.source, time: state.data.time };
  const known = status?.data;
  if (
    state?.data !== undefined ||
    state?.moved !== undefined ||
    known?.state !== 'Complete' ||
    known.time === undefined
  )
    return undefined;
  return { what: { kind: 'Record' }, source: known.source ?? 'an unknown source', time: known.time };
}
