/** Reads what a spec refers to: its release in the vendor store, and every Secret that rendering it takes. */

import type { JtelStack } from '../../../crds/index.ts';
import type { CallOptions } from '../../../runtime/client/cluster.ts';
import { outcome } from '../../inputs/outcome.ts';
import { readProxyCredentials } from '../../inputs/render-inputs.ts';
import { readRelease, readStackSecrets, type ReleaseDependencies } from '../../inputs/stack-release.ts';
import type { CandidateInputs } from '../desired/candidates.ts';

export async function readInputs(
  stack: JtelStack,
  dependencies: ReleaseDependencies,
  options: CallOptions,
): Promise<CandidateInputs> {
  const release = await outcome(() => readRelease(stack, dependencies, options));
  if (!release.ok) return { stack, release };
  const [secrets, proxy] = await Promise.all([
    outcome(() => readStackSecrets(stack, release.value.loaded.release, dependencies, options)),
    outcome(() => readProxyCredentials(dependencies.cluster, stack, options)),
  ]);
  return { stack, release, secrets, proxy };
}
