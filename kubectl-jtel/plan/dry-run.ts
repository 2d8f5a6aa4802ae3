/**
 * Reads a manifest as the API server would accept it: checked by every rule, with defaults, and not stored.
 */
import { readFile, stat } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { parseAllDocuments } from 'yaml';
import { stackKind, type JtelStack } from '../../crds/index.ts';
import { apiVersionOf } from '../../runtime/client/kinds.ts';
import { collectionPath, objectPath } from '../../runtime/client/paths.ts';
import { callApi } from '../../runtime/client/transport.ts';
import { UsageError } from '../../command-line/terminal.ts';
import type { Kit } from '../kit.ts';

const maximumBytes = 1024 * 1024;

/**
 * @param file path, or `-` for standard input.
 * @throws UsageError for a bad file, ApiError with the server's objection
 */
export async function stackAsIfApplied(kit: Kit, name: string, file: string): Promise<JtelStack> {
  const { cluster, namespace, connection, call } = kit;
  const manifest = pick(await read(kit, file), name, namespace, file);
  const key = { namespace, name };
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
  const purpose = `check ${file} as JtelStack ${namespace}/${name}`;
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
  return existing?.status === undefined ? checked : { ...checked, status: existing.status };
}

interface Manifest {
  readonly kind?: unknown;
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: unknown;
}

async function read({ surroundings }: Kit, file: string): Promise<string> {
  if (file === '-') return await text(surroundings.stdin);
  try {
    if ((await stat(file)).size > maximumBytes) throw new UsageError(`${file} is too big to be a manifest`);
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot read ${file}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}

function pick(content: string, name: string, namespace: string, file: string): Manifest {
  const documents = parseAllDocuments(content);
  const broken = documents.find((document) => document.errors.length > 0);
  if (broken !== undefined) throw new UsageError(`${file} is not YAML: ${broken.errors[0]?.message ?? ''}`);
  const stacks = documents
    .map((document) => document.toJS() as Manifest | null)
    .filter((object) => object?.kind === 'JtelStack');
  const found = stacks.find(
    (object) => object?.metadata?.name === name && (object.metadata.namespace ?? namespace) === namespace,
  );
  if (found !== undefined && found !== null) return found;
  const there = stacks
    .map((object) => `${object?.metadata?.namespace ?? namespace}/${object?.metadata?.name ?? '?'}`)
    .join(', ');
  throw new UsageError(
    `${file} has no JtelStack ${namespace}/${name}${there === '' ? '' : `; it has ${there}`}`,
  );
}
