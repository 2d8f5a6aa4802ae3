/** The part of a report that is about the operator: its pods with logs and metrics, its Lease; also the pods of backup schedules. */
import { labels } from '../../crds/index.ts';
import { leases, pods, type Lease, type Pod } from '../../runtime/client/kinds.ts';
import { objectPath } from '../../runtime/client/paths.ts';
import { readText } from '../../runtime/client/read-text.ts';
import type { Kit } from '../kit.ts';
import { isOperators, leaseFact } from '../operator-lease.ts';
import type { Collection } from './collection.ts';
import { tidy, type Scope } from './objects.ts';

const mostLines = 20_000;
const mostPods = 20;
const healthPort = 8080;

export async function collectOperator(kit: Kit, namespace: string, collection: Collection): Promise<void> {
  const selector = 'app.kubernetes.io/name=jtel-operator';
  const found = await podsOf(kit, namespace, selector, 'operator/pods', collection);
  const lease = await collection.part('operator/leases.yaml', (signal) =>
    kit.cluster.list(leases, { namespace }, { signal }),
  );
  if (lease !== undefined)
    await collection.keepObject(
      'operator/leases.yaml',
      lease.map(({ metadata, spec }) => ({ name: metadata?.name, spec })),
    );
  // That there are none is worth a line, because the operator is elsewhere then.
  if (found?.length === 0) {
    const where = whereElse(lease ?? [], kit.surroundings.now());
    const reason = `no pod in namespace ${namespace} has ${selector}: ${where}`;
    await collection.part('operator/pods', () => Promise.reject(new Error(reason)));
  }
  for (const pod of found ?? []) {
    const name = pod.metadata?.name ?? '';
    const restarts = pod.status?.containerStatuses?.some(({ restartCount = 0 }) => restartCount > 0);
    await collection.keepObject(`operator/${name}/pod.yaml`, tidy(pod));
    await keepLog(kit, pod, `operator/${name}/log.txt`, collection);
    if (restarts === true)
      await keepLog(kit, pod, `operator/${name}/log-before-restart.txt`, collection, true);
    await keepMetrics(kit, pod, `operator/${name}/metrics.txt`, collection);
  }
}

/** Who holds the Lease here without having a pod here runs outside the cluster. */
function whereElse(found: readonly Lease[], now: Date): string {
  const holder = found
    .filter(isOperators)
    .map((lease) => leaseFact(lease, now))
    .find(({ isHeld }) => isHeld);
  return holder === undefined
    ? 'if the operator is in another namespace, say so with --operator-namespace'
    : `${holder.holder}, which holds Lease ${holder.name}, runs outside the cluster; add its log by hand`;
}

/** The logs of the jobs that ask for scheduled backups. What runs on a host is in the part of the host. */
export async function collectJobLogs(
  kit: Kit,
  { namespace, stack }: Scope,
  collection: Collection,
): Promise<void> {
  const ofStack = stack === undefined ? '' : `,${labels.stack}=${stack}`;
  const selector = `app.kubernetes.io/name=jtel-backup-schedule${ofStack}`;
  for (const pod of (await podsOf(kit, namespace, selector, 'schedule', collection)) ?? [])
    await keepLog(kit, pod, `schedule/${pod.metadata?.name}.txt`, collection);
}

async function podsOf(
  kit: Kit,
  namespace: string,
  labelSelector: string,
  path: string,
  collection: Collection,
): Promise<readonly Pod[] | undefined> {
  const found = await collection.part(path, (signal) =>
    kit.cluster.list(pods, { namespace, labelSelector }, { signal }),
  );
  return found?.slice(-mostPods);
}

async function keepLog(
  kit: Kit,
  pod: Pod,
  path: string,
  collection: Collection,
  previous = false,
): Promise<void> {
  const { namespace = '', name = '' } = pod.metadata ?? {};
  await keepAnswer(kit, `${objectPath(pods, { namespace, name })}/log`, path, collection, {
    tailLines: mostLines,
    timestamps: true,
    ...(previous ? { previous } : {}),
  });
}

/** Through the API server, which may refuse it. */
async function keepMetrics(kit: Kit, pod: Pod, path: string, collection: Collection): Promise<void> {
  const { namespace = '', name = '' } = pod.metadata ?? {};
  const address = objectPath(pods, { namespace, name: `${name}:${healthPort}` });
  await keepAnswer(kit, `${address}/proxy/metrics`, path, collection, {});
}

async function keepAnswer(
  { connection }: Kit,
  address: string,
  path: string,
  collection: Collection,
  query: Readonly<Record<string, string | number | boolean>>,
): Promise<void> {
  const { fileBytes, partSeconds } = collection.limits;
  const answer = await collection.part(path, (signal) =>
    readText(connection, { path: address, query, purpose: `read ${address}` }, fileBytes, {
      signal,
      timeoutSeconds: partSeconds,
    }),
  );
  if (answer !== undefined) collection.keepText(path, answer.text, answer.isCut);
}
