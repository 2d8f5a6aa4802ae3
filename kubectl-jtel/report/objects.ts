/** The part of a report that is about objects of one namespace: jtel's own, their Secrets by name, events. */
import {
  backupKind,
  labels,
  restoreKind,
  stackKind,
  storeKind,
  type JtelStack,
  type ResourceKind,
} from '../../crds/index.ts';
import {
  controllerRevisions,
  cronJobs,
  events,
  secrets,
  type EventObject,
  type Secret,
} from '../../runtime/client/kinds.ts';
import { decodeSecret, hiddenValues } from '../../runtime/client/secret-values.ts';
import type { KubernetesObject } from '../../runtime/objects.ts';
import type { SecretRegistry } from '../../runtime/report/secret-registry.ts';
import { credentialsName } from '../../controllers/inputs/credential-secret.ts';
import type { Kit } from '../kit.ts';
import type { Collection } from './collection.ts';

/** Newest first; more of one kind say nothing new. */
const mostObjects = 200;
const mostEvents = 2000;

export interface Scope {
  readonly namespace: string;
  /** Absent: all stacks of the namespace. */
  readonly stack?: string;
}

/** Helm's own records of releases. Their values are compressed: nobody writes them elsewhere, and they are large. */
const helmRelease = 'helm.sh/release.v1';

/**
 * Which Secrets there are, with the names of their keys. The values only teach the mask, so this comes first.
 * @returns for a person, whose values are known to the mask
 */
export async function collectSecrets(
  kit: Pick<Kit, 'cluster'>,
  scope: Scope,
  registry: SecretRegistry,
  collection: Collection,
): Promise<string> {
  const { cluster } = kit;
  const { namespace } = scope;
  const path = 'secrets.yaml';
  const listed = await collection.part(path, (signal) => cluster.list(secrets, { namespace }, { signal }));
  const found = listed ?? (await referredTo(kit, scope, collection));
  const values = found.map((secret) => ({ name: secret.metadata?.name ?? '', values: decodeSecret(secret) }));
  for (const { name, values: decoded } of values)
    if (decoded.type !== helmRelease) registry.register(`${namespace}/${name}`, hiddenValues(decoded));
  await collection.keepObject(
    path,
    values.map(({ name, values: { type, keys } }) => ({ name, type, keys })),
  );
  if (listed !== undefined)
    return `Values of the Secrets of namespace ${namespace} are masked as [redacted]; no others are known.`;
  return found.length === 0
    ? 'No Secret could be read: their values are not masked where they appear.'
    : `Secrets could not be listed: only values of ${found.length} that were read by name are masked.`;
}

const mostNames = 100;

/** Who may not list Secrets may still read some by name. */
async function referredTo(
  { cluster }: Pick<Kit, 'cluster'>,
  { namespace }: Scope,
  collection: Collection,
): Promise<readonly Secret[]> {
  const path = 'secrets.yaml (by name)';
  const found = await collection.part(path, async (signal) => {
    const [stacks, stores] = await Promise.all([
      cluster.list(stackKind, { namespace }, { signal }),
      cluster.list(storeKind, { namespace }, { signal }),
    ]);
    const generated = stacks.map(({ metadata }) => credentialsName(metadata.name));
    const names = [...new Set([...generated, ...namesOfSecrets([stacks, stores])])];
    const asked = names.slice(0, mostNames);
    // One that may not be read spoils no other.
    const read = await Promise.allSettled(
      asked.map((name) => cluster.find(secrets, { namespace, name }, { signal })),
    );
    signal.throwIfAborted();
    const refused = read.flatMap((one, index) =>
      one.status === 'rejected' ? [`${asked[index]} (${messageOf(one.reason)})`] : [],
    );
    const notAsked = names.length - asked.length;
    return {
      secrets: read.flatMap((one) => (one.status === 'fulfilled' ? (one.value ?? []) : [])),
      remarks: [
        ...(refused.length === 0 ? [] : [`${refused.length} could not be read: ${refused.join(', ')}`]),
        ...(notAsked === 0 ? [] : [`${notAsked} more than ${mostNames} names were not asked for`]),
      ],
    };
  });
  for (const remark of found?.remarks ?? [])
    await collection.part(path, () => Promise.reject(new Error(remark)));
  return found?.secrets ?? [];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Every `…SecretRef`, wherever it stands. */
function namesOfSecrets(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(namesOfSecrets);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([field, inner]: [string, unknown]) => {
    const name = /secretRef$/i.test(field) ? (inner as { readonly name?: unknown } | null)?.name : undefined;
    return typeof name === 'string' ? [name] : namesOfSecrets(inner);
  });
}

/** @returns the stacks, for the parts that follow */
export async function collectObjects(
  kit: Kit,
  scope: Scope,
  collection: Collection,
): Promise<readonly JtelStack[]> {
  const { namespace, stack } = scope;
  const ofStack = stack === undefined ? labels.stack : `${labels.stack}=${stack}`;
  const kept = new Set<string>();
  const keep = async <T extends KubernetesObject>(
    kind: ResourceKind<T>,
    isWanted: (object: T) => boolean = () => true,
    labelSelector?: string,
  ): Promise<readonly T[]> => {
    const query = { namespace, ...(labelSelector === undefined ? {} : { labelSelector }) };
    const listed = await collection.part(`objects/${kind.plural}`, (signal) =>
      kit.cluster.list(kind, query, { signal }),
    );
    const wanted = (listed ?? [])
      .filter(isWanted)
      .toSorted((a, b) => timeOf(b) - timeOf(a))
      .slice(0, mostObjects);
    for (const object of wanted) {
      kept.add(`${kind.kind}/${object.metadata?.name}`);
      await collection.keepObject(`objects/${kind.plural}/${object.metadata?.name}.yaml`, tidy(object));
    }
    return wanted;
  };
  const stacks = await keep(stackKind, ({ metadata }) => stack === undefined || metadata.name === stack);
  const isOfStack = ({
    spec,
  }: {
    readonly spec: { readonly stackRef: { readonly name: string } };
  }): boolean => stack === undefined || spec.stackRef.name === stack;
  await keep(backupKind, isOfStack);
  await keep(restoreKind, isOfStack);
  await keep(storeKind);
  await keep(controllerRevisions, undefined, ofStack);
  await keep(cronJobs, undefined, ofStack);
  const told = await collection.part('events.yaml', (signal) =>
    kit.cluster.list(events, { namespace }, { signal }),
  );
  if (told !== undefined)
    await collection.keepObject(
      'events.yaml',
      told
        .filter(({ regarding }) => kept.has(`${regarding?.kind}/${regarding?.name}`))
        .toSorted((a, b) => timeOf(b) - timeOf(a))
        .slice(0, mostEvents)
        .map(eventLine),
    );
  return stacks;
}

function eventLine({ metadata, eventTime, type, reason, note, regarding, series }: EventObject): object {
  const time = series?.lastObservedTime ?? eventTime ?? metadata?.creationTimestamp;
  return {
    time,
    type,
    reason,
    about: `${regarding?.kind}/${regarding?.name}`,
    count: series?.count ?? 1,
    note,
  };
}

/** Without what nobody reads. Who wrote which fields stays out, too; `managedFields` are most of an object. */
export function tidy(object: KubernetesObject): object {
  const { managedFields: _, ...metadata } = (object.metadata ?? {}) as Record<string, unknown>;
  return { ...object, metadata };
}

function timeOf({ metadata }: KubernetesObject): number {
  return Date.parse(metadata?.creationTimestamp ?? '') || 0;
}
