/**
 * Stacks as an operator would have left them in the API: with status and change log, for those who only read
 * them.
 */
import {
  listRevisions,
  noteOnRevision,
  recordRevision,
  type RevisionOutcome,
  revisionsOf,
  revisionsWith,
} from '../../controllers/stack/index.ts';
import { aStack } from '../../controllers/stack/testing.ts';
import { stackKind, type JtelStack, type JtelStackSpec, type JtelStackStatus } from '../../crds/index.ts';
import type { Cluster } from '../../runtime/index.ts';
import { call } from './cluster.ts';
import { optional } from '../../base/optional.ts';

export interface StoredStack {
  readonly name: string;
  readonly spec?: Partial<JtelStackSpec>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly status?: JtelStackStatus;
}

/** Creates it as a user would, then its first revision and its status as the operator would. */
export async function storeStack(
  cluster: Cluster,
  namespace: string,
  { name, spec, annotations, status }: StoredStack,
): Promise<JtelStack> {
  const { apiVersion, kind, spec: whole } = aStack(spec);
  const metadata = {
    namespace,
    name,
    ...optional({ annotations }),
  } as JtelStack['metadata'];
  const created = await cluster.create(stackKind, { apiVersion, kind, metadata, spec: whole }, call());
  return await recorded(cluster, created, status);
}

/** Changes its spec as a user would. The operator's part follows. */
export async function changeStack(
  cluster: Cluster,
  stack: JtelStack,
  spec: Partial<JtelStackSpec>,
  status?: JtelStackStatus,
  annotations?: Readonly<Record<string, string>>,
): Promise<JtelStack> {
  const { namespace, name } = stack.metadata;
  const live = await cluster.get(stackKind, { namespace, name }, call());
  const metadata = annotations === undefined ? live.metadata : { ...live.metadata, annotations };
  return await recorded(
    cluster,
    await cluster.replace(stackKind, { ...live, metadata, spec: { ...live.spec, ...spec } }, call()),
    status,
  );
}

async function recorded(
  cluster: Cluster,
  stack: JtelStack,
  status: JtelStackStatus | undefined,
): Promise<JtelStack> {
  const { current } = revisionsWith(stack, await listRevisions(cluster, stack, call()), new Date());
  if (current.isNew === true) await recordRevision(cluster, stack, current, call());
  if (status === undefined) return stack;
  return await cluster.applyStatus(
    stackKind,
    { namespace: stack.metadata.namespace, name: stack.metadata.name },
    status,
    {},
    call(),
  );
}

/** Notes on the newest revision how its work ended. */
export async function noteOutcome(
  cluster: Cluster,
  stack: JtelStack,
  outcome: RevisionOutcome,
  action: 'Install' | 'Update' | 'Configure',
  startTime: string,
): Promise<void> {
  const newest = revisionsOf(stack, await listRevisions(cluster, stack, call())).at(-1);
  if (newest === undefined) throw new Error(`${stack.metadata.name} has no revision`);
  await noteOnRevision(cluster, stack, newest, { attempt: { action, startTime }, outcome }, call());
}
