/** Reads what a spec refers to: its release in the vendor store, and every Secret that rendering it takes. */

import type { JtelStack } from '../../../crds/index.ts';
import type { CallOptions } from '../../../runtime/client/cluster.ts';
import { outcome } from '../../inputs/outcome.ts';
import { readProxyCredentials, stackInput } from '../../inputs/render-inputs.ts';
import { readRelease, readStackSecrets, type ReleaseDependencies } from '../../inputs/stack-release.ts';
import type { CandidateInputs } from '../desired/candidates.ts';

export async function readInputs(
  stack: JtelStack,
  project: string,
  dependencies: ReleaseDependencies,
  options: CallOptions,
): Promise<CandidateInputs> {
  const release = await outcome(() => readRelease(stack, dependencies, options));
  if (!release.ok) return { stack, release };
  const { loaded } = release.value;
  const { releases } = dependencies;
  const [secrets, texts, proxy] = await Promise.all([
    outcome(() => readStackSecrets(stack, loaded.release, dependencies, options)),
    outcome(() => releases.texts(loaded, { stack: stackInput(stack), project }, options.signal)),
    outcome(() => readProxyCredentials(dependencies.cluster, stack, options)),
  ]);
  return { stack, release, secrets, texts, proxy };
}
