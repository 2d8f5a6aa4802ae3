/**
 * One Secret is watched by its name on the real API server, without its content and without the right to
 * list.
 */
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { watchOnce } from '../../../runtime/cache/watch-once.ts';
import { secrets, watchNamed, type KubernetesObject } from '../../../runtime/index.ts';
import { call, openCluster, type TestCluster } from '../../support/cluster.ts';
import { waitFor } from '../../support/wait.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await openCluster('watch-named');
});
afterAll(() => cluster.close());

function watch(name: string): { readonly changes: () => number } {
  let changes = 0;
  const end = new AbortController();
  const ended = watchNamed(
    cluster.connection,
    secrets,
    { namespace: cluster.namespace, name },
    () => (changes += 1),
    end.signal,
  );
  onTestFinished(async () => {
    end.abort();
    await ended;
  });
  return { changes: () => changes };
}

const put = (name: string, value: string): Promise<unknown> =>
  cluster.client.apply(
    secrets,
    { metadata: { namespace: cluster.namespace, name }, stringData: { key: value } },
    call(),
  );

it('is told when it is made, changed and deleted; others are not', async () => {
  const { changes } = watch('wanted');
  await put('other', '1');
  await put('wanted', '1');
  expect(await waitFor('its making', () => changes() > 0 && changes())).toBe(1);
  await put('other', '2');
  await put('wanted', '2');
  expect(await waitFor('its change', () => changes() > 1 && changes())).toBe(2);
  await cluster.client.delete(secrets, { namespace: cluster.namespace, name: 'wanted' }, {}, call());
  expect(await waitFor('its end', () => changes() > 2 && changes())).toBe(3);
});

it('is told once at the beginning when it is there already', async () => {
  await put('early', '1');
  const { changes } = watch('early');
  expect(await waitFor('the beginning', () => changes() > 0 && changes())).toBe(1);
});

it('does not send its content', async () => {
  await put('quiet', 'a password');
  const seen: KubernetesObject[] = [];
  const end = new AbortController();
  const request = {
    namespace: cluster.namespace,
    name: 'quiet',
    resourceVersion: '',
    lastsSeconds: 5,
    graceSeconds: 5,
  };
  const ended = watchOnce(
    cluster.connection,
    secrets,
    request,
    { changed: (object) => seen.push(object), deleted: () => undefined, reached: () => undefined },
    end.signal,
  );
  await waitFor('the beginning', () => seen.length > 0);
  end.abort();
  await ended;
  expect(seen[0]?.metadata?.name).toBe('quiet');
  expect(JSON.stringify(seen)).not.toContain(Buffer.from('a password').toString('base64'));
});
