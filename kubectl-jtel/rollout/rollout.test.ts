/** The command with an API server in this process; `test/integration/channels/` has a real one. */
import type { ServerResponse } from 'node:http';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { aChannel } from '../../controllers/channel/testing.ts';
import type { JtelChannel } from '../../crds/index.ts';
import { startAPIDouble, type APIDouble } from '../../test/support/api-double.ts';
import { kubectlJtel, type PluginRun } from '../../test/support/plugin.ts';

type Standing = 'Working' | 'Done' | 'Stopped';

let api: APIDouble;
/** What the server has, and who watches it. */
let channel: JtelChannel | undefined;
const watchers = new Set<ServerResponse>();
let version = 1;

beforeAll(async () => {
  await import('./rollout.ts');
  await import('./wait.ts');
}, 60_000);
beforeEach(async () => {
  channel = undefined;
  const path = '/apis/jtel.de/v1alpha1/jtelchannels';
  api = await startAPIDouble((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://server');
    request.resume();
    if (searchParams.get('watch') === 'true') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      watchers.add(response);
      // What changed since the list that the watch goes on from.
      if (Number(searchParams.get('resourceVersion')) < version) tell(response);
      response.on('close', () => watchers.delete(response));
      return;
    }
    const items = channel === undefined ? [] : [channel];
    const one = pathname === path ? { metadata: { resourceVersion: String(version) }, items } : channel;
    response.statusCode = one === undefined ? 404 : 200;
    response.end(JSON.stringify(one ?? { reason: 'NotFound', message: 'there is none' }));
  });
});
afterEach(() => api.close());

function put(standing: Standing, observedGeneration = 1): void {
  version += 1;
  const conditions = [
    { type: 'Ready', status: standing === 'Done' ? 'True' : 'False' },
    ...(standing === 'Stopped' ? [{ type: 'Stalled', status: 'True' }] : []),
  ].map((one) => ({
    ...one,
    reason: 'RollingOut',
    message: `${standing}.`,
    lastTransitionTime: '2026-03-01T00:00:00Z',
  }));
  const status = { observedGeneration, message: `${standing} ${version}.`, conditions };
  const made = aChannel({}, status as unknown as JtelChannel['status']);
  channel = { ...made, metadata: { ...made.metadata, resourceVersion: String(version) } };
  for (const watcher of watchers) tell(watcher);
}

function tell(watcher: ServerResponse): void {
  watcher.write(`${JSON.stringify({ type: 'MODIFIED', object: channel })}\n`);
}

function wait(argv: readonly string[] = [], onNote: (text: string) => void = () => undefined) {
  return kubectlJtel(['rollout', 'status', 'stable', '--wait', ...argv], {
    kubeconfig: api.kubeconfig,
    onNote,
  });
}

/** Puts it when the command tells that it waits. */
async function waitAndPut(standing: Standing): Promise<PluginRun> {
  let isPut = false;
  return await wait([], (text) => {
    if (isPut || !text.includes('Working')) return;
    isPut = true;
    put(standing);
  });
}

it('waits until all stacks have the release', async () => {
  put('Working');
  const { code, out } = await waitAndPut('Done');
  expect(code).toBe(0);
  expect(out).toContain('Done');
});

it('ends with 1 and the reason when the channel stops', async () => {
  put('Working');
  const { code, err } = await waitAndPut('Stopped');
  expect(code).toBe(1);
  expect(err).toContain('Stopped.');
});

it('does not take what was said of an older spec for an answer, and gives up after --timeout', async () => {
  put('Done', 0);
  const { code, err } = await wait(['--timeout', '1s']);
  expect(code).toBe(1);
  expect(err).toContain('not done within 1 s (--timeout)');
});

it('does not wait for a channel that is done, and gives it as JSON', async () => {
  put('Done');
  const { code, out } = await wait(['-o', 'json']);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ kind: 'JtelChannel', metadata: { name: 'stable' } });
});

it('says so of a channel that there is not', async () => {
  const { code, err } = await wait();
  expect(code).toBe(1);
  expect(err).toContain('there is no JtelChannel stable');
});
