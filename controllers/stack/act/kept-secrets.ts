/**
 * Keeps the Secrets that the deletion of a stack needs, the SSH keys of its host, until it is done: when a namespace is deleted as a whole,
 * Secrets go first and cannot be made again there. Each stack has a finalizer of its own on them, so that a shared Secret waits for all
 * of them; the status notes where, before one is set, so that none is forgotten. Stacks that are let go without their host keep nothing.
 *
 * A Secret that somebody deletes by itself is not held for long: a stack that is not deleted soon after it does without.
 */

import { annotations, stackKind, type JtelStack } from '../../../crds/index.ts';
import { isConflict, isNotFound } from '../../../runtime/client/api-error.ts';
import type { CallOptions, Cluster, SecretValues } from '../../../runtime/client/cluster.ts';
import { secrets } from '../../../runtime/client/kinds.ts';
import { removeFinalizer } from '../../../runtime/control/finalizer.ts';
import type { ObjectKey } from '../../../runtime/objects.ts';

/** From the deletion of the Secret until that of the stack, when both go with their namespace. */
const graceSeconds = 30;

/** @returns names of the Secrets that the status is to note: those that are wanted, and others that could not be let go yet. */
export async function secretsToKeep(
  cluster: Cluster,
  stack: JtelStack,
  options: CallOptions,
): Promise<readonly string[]> {
  const wanted = neededForDeletion(stack);
  const kept = stack.status?.keptSecrets ?? [];
  for (const name of kept.filter((one) => !wanted.includes(one)))
    await release(cluster, stack, name, options);
  return wanted;
}

/** Sets the finalizer where the status notes it already. @returns seconds until a Secret that is being deleted is let go. */
export async function keepSecrets(
  cluster: Cluster,
  stack: JtelStack,
  now: Date,
  options: CallOptions,
): Promise<number | undefined> {
  if (stack.metadata.deletionTimestamp !== undefined) return undefined;
  const wanted = neededForDeletion(stack).filter(
    (name) => stack.status?.keptSecrets?.includes(name) === true,
  );
  let nextSeconds: number | undefined;
  const { namespace } = stack.metadata;
  for (const name of wanted) {
    const secret = await findSecret(cluster, { namespace, name }, options);
    if (secret === undefined) continue;
    const { deletionTimestamp: deleted, finalizers } = secret;
    if (deleted === undefined) await hold(cluster, stack, { namespace, name }, secret, options);
    else if (finalizers.includes(finalizerOf(stack))) {
      const leftSeconds = Date.parse(deleted) / 1000 + graceSeconds - now.getTime() / 1000;
      if (leftSeconds <= 0) await release(cluster, stack, name, options);
      else nextSeconds = Math.max(1, Math.ceil(leftSeconds));
    }
  }
  return nextSeconds;
}

/**
 * Lets all of them go, when the host was dealt with. That is noted on the stack first: a process that ends in between would find neither
 * the key to look at the host again nor a reason not to.
 */
export async function releaseSecrets(
  cluster: Cluster,
  stack: JtelStack,
  options: CallOptions,
): Promise<void> {
  const names = new Set([...(stack.status?.keptSecrets ?? []), ...neededForDeletion(stack)]);
  if (names.size === 0) return;
  const live = await cluster.find(
    stackKind,
    { namespace: stack.metadata.namespace, name: stack.metadata.name },
    options,
  );
  if (live === undefined || live.metadata.uid !== stack.metadata.uid) return;
  await cluster.patchAnnotations(stackKind, live, { [annotations.cleanedUp]: stack.metadata.uid }, options);
  for (const name of names) await release(cluster, stack, name, options);
}

function neededForDeletion({ spec }: JtelStack): readonly string[] {
  if (spec.deletionPolicy === 'Orphan') return [];
  const { sshSecretRef, jumpHost } = spec.host;
  return [...new Set([sshSecretRef.name, ...(jumpHost === undefined ? [] : [jumpHost.sshSecretRef.name])])];
}

function finalizerOf({ metadata }: JtelStack): string {
  return `jtel.de/needed-by-${metadata.uid}`;
}

/** Every look asks, so this may come from a cache (`runtime/cache/cached-reads.ts`). */
async function findSecret(
  cluster: Cluster,
  { namespace, name }: ObjectKey,
  options: CallOptions,
): Promise<SecretValues | undefined> {
  try {
    return await cluster.getSecret(namespace, name, options);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function hold(
  cluster: Cluster,
  stack: JtelStack,
  key: ObjectKey,
  { uid, resourceVersion, finalizers }: SecretValues,
  options: CallOptions,
): Promise<void> {
  if (finalizers.includes(finalizerOf(stack))) return;
  const secret = { metadata: { ...key, uid, resourceVersion } };
  try {
    await cluster.patchFinalizers(secrets, secret, [...finalizers, finalizerOf(stack)], options);
  } catch (error) {
    // Somebody changed or deleted it just now: the next look sees how it is.
    if (!isConflict(error) && !isNotFound(error)) throw error;
  }
}

async function release(
  cluster: Cluster,
  stack: JtelStack,
  name: string,
  options: CallOptions,
): Promise<void> {
  const secret = await cluster.find(secrets, { namespace: stack.metadata.namespace, name }, options);
  if (secret !== undefined) await removeFinalizer(cluster, secrets, secret, finalizerOf(stack), options);
}
