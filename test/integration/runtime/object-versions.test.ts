/**
 * Versions of Secrets as the real API server tells them: without the right to list, without their content, and
 * as equal to what a read returns.
 */
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { watchOnce } from '../../../runtime/cache/watch-once.ts';
import { ObjectVersions, formatKey, secrets, type KubernetesObject } from '../../../runtime/index.ts';
import { silentLogger } from '../../../runtime/report/logger.ts';
import { call, openCluster, type TestCluster } from '../../support/cluster.ts';
import { waitFor } from '../../support/wait.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await openCluster('object-versions');
});
afterAll(() => cluster.close());

function follow(namespaces: readonly string[] | 'All'): {
  readonly versions: ObjectVersions;
  readonly heard: readonly string[];
} {
  const { connection } = cluster;
  const versions = new ObjectVersions({ connection, kind: secrets, namespaces, logger: silentLogger });
  const heard: string[] = [];
  versions.onChange((key) => heard.push(formatKey(key)));
  const end = new AbortController();
  const ended = versions.run(end.signal);
  onTestFinished(async () => {
    end.abort();
    await ended;
  });
  return { versions, heard };
}

const keyOf = (name: string): { readonly namespace: string; readonly name: string } => ({
  namespace: cluster.namespace,
  name,
});
const put = (name: string, value: string): Promise<unknown> =>
  cluster.client.apply(secrets, { metadata: keyOf(name), stringData: { key: value } }, call());
const read = async (name: string): Promise<string> =>
  (await cluster.client.getSecret(cluster.namespace, name, call())).resourceVersion;

it.each(['one namespace', 'All'])('follow what is made, changed and deleted in %s', async (scope) => {
  const name = scope === 'All' ? 'in-all' : 'in-one';
  await put(name, '1');
  const { versions, heard } = follow(scope === 'All' ? 'All' : [cluster.namespace]);
  const first = await read(name);
  await waitFor('what was there', () => versions.versionOf(keyOf(name)) === first);
  await put(name, '2');
  const second = await read(name);
  expect(second).not.toBe(first);
  await waitFor('the change', () => versions.versionOf(keyOf(name)) === second);
  await cluster.client.delete(secrets, keyOf(name), {}, call());
  await waitFor('the end', () => versions.versionOf(keyOf(name)) === undefined);
  expect(heard.filter((id) => id === formatKey(keyOf(name)))).toHaveLength(3);
});

it('are told without the content', async () => {
  await put('quiet', 'a password');
  const seen: KubernetesObject[] = [];
  const end = new AbortController();
  const request = { namespace: cluster.namespace, resourceVersion: '', lastsSeconds: 5, graceSeconds: 5 };
  const ended = watchOnce(
    cluster.connection,
    secrets,
    { ...request, metadataOnly: true },
    { changed: (object) => seen.push(object), deleted: () => undefined, reached: () => undefined },
    end.signal,
  );
  await waitFor('the Secret', () => seen.some(({ metadata }) => metadata?.name === 'quiet'));
  end.abort();
  await ended;
  expect(JSON.stringify(seen)).not.toContain(Buffer.from('a password').toString('base64'));
});
