/** The documents beside the data: with them the stack can be built again from the store alone. They have no secrets. */

import type { JtelStack } from '../../../crds/index.ts';
import type { CallOptions } from '../../../runtime/client/cluster.ts';
import { canonicalJSON, manifestBytes } from '../../../release/manifest.ts';
import { RenderError } from '../../../release/stack-input.ts';
import { InputError } from '../../inputs/input-error.ts';
import type { LoadedRelease } from '../../inputs/release-source.ts';
import { renderStack, type RenderDependencies } from '../../inputs/stack-release.ts';
import type { StoredDocument } from './commit.ts';
import { optional } from '../../../base/optional.ts';

export async function storedDocuments(
  stack: JtelStack,
  project: string,
  loaded: LoadedRelease,
  dependencies: RenderDependencies,
  options: CallOptions,
): Promise<readonly StoredDocument[]> {
  // The release that the data belong to. During an update it need not be the desired one.
  const described: JtelStack = { ...stack, spec: { ...stack.spec, version: loaded.release.version } };
  const compose = await composeFile(described, project, loaded, dependencies, options);
  return [
    { name: 'stack.json', content: Buffer.from(stackJSON(described)) },
    { name: 'release.json', content: manifestBytes(loaded.release) },
    ...(compose === undefined ? [] : [{ name: 'compose.yaml' as const, content: Buffer.from(compose) }]),
  ];
}

/** The stack as somebody would apply it again: without status, and without what a server adds. */
function stackJSON({ metadata, spec }: JtelStack): string {
  const { namespace, name, labels } = metadata;
  return canonicalJSON({
    apiVersion: 'jtel.de/v1alpha1',
    kind: 'JtelStack',
    metadata: { namespace, name, ...optional({ labels }) },
    spec,
  });
}

/** For somebody who must build the stack by hand. A stack that cannot be rendered now is backed up without it. */
async function composeFile(
  stack: JtelStack,
  project: string,
  loaded: LoadedRelease,
  dependencies: RenderDependencies,
  options: CallOptions,
): Promise<string | undefined> {
  try {
    const result = await renderStack(stack, project, loaded, dependencies, options);
    return 'missing' in result ? undefined : result.rendered.composeYaml;
  } catch (error) {
    if (error instanceof InputError || error instanceof RenderError) return undefined;
    throw error;
  }
}
