/** Which lines a change in a cache is worth; pure. */
import {
  annotations,
  type JtelBackup,
  type JtelBackupStore,
  type JtelRestore,
  type JtelStack,
} from '../../crds/index.ts';
import type { ManagedFields } from '../../runtime/kind.ts';
import type { Change } from '../../runtime/cache/store.ts';
import type { DecisionLine, RequestLine, Subject } from './lines.ts';
import { optional } from '../../base/optional.ts';

export type Audited = JtelStack | JtelBackup | JtelRestore | JtelBackupStore;

const consents: readonly string[] = [
  annotations.confirmDestroy,
  annotations.abandonHost,
  annotations.adoptBackups,
  annotations.acceptBackup,
  annotations.beginAnew,
  annotations.acceptOlderStatus,
  annotations.retry,
  annotations.reconcileRequestedAt,
];

/** Labels and annotations that say which object of a GitOps tool or of Helm it came from. */
const sources: readonly string[] = [
  'kustomize.toolkit.fluxcd.io/name',
  'kustomize.toolkit.fluxcd.io/namespace',
  'helm.toolkit.fluxcd.io/name',
  'helm.toolkit.fluxcd.io/namespace',
  'argocd.argoproj.io/instance',
  'argocd.argoproj.io/tracking-id',
  'app.kubernetes.io/instance',
  'meta.helm.sh/release-name',
  'meta.helm.sh/release-namespace',
];

const mostManagers = 8;

/**
 * An object that the operator has looked at before this process began is no request, unless its deletion is
 * not done. So a request is told at least once, by its uid and generation.
 */
export function requestOf({
  type,
  object,
  previous,
}: Pick<Change<Audited>, 'type' | 'object' | 'previous'>): RequestLine['request'] | undefined {
  if (type === 'Deleted') return 'Gone';
  const { deletionTimestamp, generation } = object.metadata;
  if (deletionTimestamp !== undefined)
    return previous?.metadata.deletionTimestamp === undefined ? 'Deletion' : consentOf(object, previous);
  if (previous !== undefined)
    return generation === previous.metadata.generation ? consentOf(object, previous) : 'Changed';
  if (generation <= (object.status?.observedGeneration ?? -1)) return undefined;
  return generation === 1 ? 'Created' : 'Changed';
}

function consentOf(object: Audited, previous: Audited): 'Consent' | undefined {
  const [now, before] = [object, previous].map((one) =>
    JSON.stringify(given(one.metadata.annotations, consents)),
  );
  return now === before ? undefined : 'Consent';
}

/** @param live with its managedFields, which caches do not hold; absent if it is gone or cannot be read */
export function requestLine(
  kind: string,
  object: Audited,
  request: RequestLine['request'],
  live: Audited | undefined,
): RequestLine {
  const { labels, annotations: noted } = object.metadata;
  const managers = live === undefined ? undefined : managersOf(live.metadata.managedFields ?? []);
  return {
    type: 'Request',
    request,
    ...subjectOf(kind, object),
    ...optional({
      sourceRevision: noted?.[annotations.sourceRevision],
      managers,
      source: given({ ...labels, ...noted }, sources),
      consent: given(noted, consents),
    }),
  };
}

function managersOf(fields: readonly ManagedFields[]): RequestLine['managers'] {
  return fields
    .filter(({ subresource }) => subresource === undefined)
    .map(({ manager = '', operation = '', time = '' }) => ({ name: manager, operation, time }))
    .toSorted((a, b) => (a.time < b.time ? 1 : -1))
    .slice(0, mostManagers);
}

function given(
  values: Readonly<Record<string, string>> | undefined,
  names: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const found = names.flatMap((name) => {
    const value = values?.[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

/** The beginning and end of operations on a stack. One under way when this process began is told again. */
export function stackDecisions({
  type,
  object,
  previous,
}: Pick<Change<JtelStack>, 'type' | 'object' | 'previous'>): readonly DecisionLine[] {
  if (type === 'Deleted') return [];
  const [now, before] = [object.status?.operation, previous?.status?.operation];
  if (now?.id === before?.id) return [];
  const line = (
    decision: DecisionLine['decision'],
    stack: JtelStack,
    { id, type: operationType, epoch }: NonNullable<typeof now>,
  ): DecisionLine => ({
    type: 'Decision',
    decision,
    ...subjectOf('JtelStack', stack),
    operation: id,
    operationType,
    to: stack.spec.version,
    ...optional({ from: stack.status?.version, revision: stack.status?.revision, epoch }),
  });
  return [
    ...(before === undefined ? [] : [line('End', object, before)]),
    ...(now === undefined ? [] : [line('Begin', object, now)]),
  ];
}

const finalPhases: ReadonlySet<string> = new Set(['Completed', 'Failed']);

/** The phases of a backup or restore. What had ended before this process began is not told again. */
export function phaseDecisions(
  kind: string,
  { type, object, previous }: Pick<Change<JtelBackup | JtelRestore>, 'type' | 'object' | 'previous'>,
): readonly DecisionLine[] {
  const [to, from] = [object.status?.phase, previous?.status?.phase];
  if (type === 'Deleted' || to === undefined || to === from) return [];
  if (previous === undefined && finalPhases.has(to)) return [];
  return [{ type: 'Decision', decision: 'Phase', ...subjectOf(kind, object), to, ...optional({ from }) }];
}

function subjectOf(kind: string, { metadata }: Audited): Subject {
  const { namespace, name, uid, generation } = metadata;
  return { kind, namespace, name, uid, generation };
}
