/**
 * Reads a manifest as the API server would accept it: checked by every rule, with defaults, and not stored.
 */
import { stackKind, type JtelStack } from '../../crds/index.ts';
import { objectsOf, type ManifestObject } from '../../doctor/manifest.ts';
import { readTextFile } from '../../doctor/read/text-file.ts';
import { apiVersionOf } from '../../runtime/client/kinds.ts';
import { collectionPath, objectPath } from '../../runtime/client/paths.ts';
import { callApi } from '../../runtime/client/transport.ts';
import { readAs } from '../../runtime/kind.ts';
import type { ObjectKey } from '../../runtime/objects.ts';
import { UsageError } from '../../command-line/terminal.ts';
import type { Kit } from '../kit.ts';

/**
 * @param file path, or `-` for standard input.
 * @throws UsageError for a bad file, ApiError with the server's objection
 */
export async function stackAsIfApplied(kit: Kit, name: string, file: string): Promise<JtelStack> {
  const manifest = pick(
    objectsOf(await readTextFile(file, kit.surroundings.stdin), file),
    name,
    kit.namespace,
    file,
  );
  return await asIfApplied(kit, manifest, { namespace: kit.namespace, name });
}

/** @throws ApiError with the server's objection */
export async function asIfApplied(
  { cluster, connection, call }: Kit,
  manifest: ManifestObject,
  key: ObjectKey,
): Promise<JtelStack> {
  const { namespace, name } = key;
  const existing = await cluster.find(stackKind, key, call);
  const { labels, annotations } = manifest.metadata ?? {};
  const metadata = {
    ...existing?.metadata,
    name,
    namespace,
    labels: { ...existing?.metadata.labels, ...labels },
    annotations: { ...existing?.metadata.annotations, ...annotations },
  };
  const body = { apiVersion: apiVersionOf(stackKind), kind: stackKind.kind, metadata, spec: manifest.spec };
  const purpose = `check JtelStack ${namespace}/${name}`;
  const query = { dryRun: 'All', fieldManager: 'kubectl-jtel' };
  const answer =
    existing === undefined
      ? await callApi(
          connection,
          { method: 'POST', path: collectionPath(stackKind, namespace), query, body, purpose },
          call,
        )
      : await callApi(
          connection,
          { method: 'PUT', path: objectPath(stackKind, key), query, body, purpose },
          call,
        );
  const checked = answer as JtelStack;
  return readAs(
    stackKind,
    existing?.status === undefined ? checked : { ...checked, status: existing.status },
  );
}

function pick(
  objects: readonly ManifestObject[],
  name: string,
  namespace: string,
  file: string,
): ManifestObject {
  const stacks = objects.filter(({ kind }) => kind === 'JtelStack');
  const found = stacks.find(
    ({ metadata }) => metadata?.name === name && (metadata.namespace ?? namespace) === namespace,
  );
  if (found !== undefined) return found;
  const there = stacks
    .map(({ metadata }) => `${metadata?.namespace ?? namespace}/${metadata?.name ?? '?'}`)
    .join(', ');
  throw new UsageError(
    `${file} has no JtelStack ${namespace}/${name}${there === '' ? '' : `; it has ${there}`}`,
  );
}
