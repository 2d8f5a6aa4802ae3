import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingLogger } from '../../test/support/recording-logger.ts';
import {
  listOf,
  refusal,
  startScriptedApiServer,
  watchOf,
  type Answer,
  type ScriptedApiServer,
} from '../../test/support/scripted-api-server.ts';
import { waitFor } from '../../test/support/wait.ts';
import type { KubernetesObject } from '../objects.ts';
import { ObjectStore } from './object-store.ts';
import { Reflector } from './reflector.ts';

const kind = { group: 'test.jtel.de', version: 'v1', plural: 'widgets', kind: 'Widget', namespaced: true };

function widget(name: string, version: number): KubernetesObject {
  return {
    apiVersion: 'test.jtel.de/v1',
    kind: 'Widget',
    metadata: { namespace: 'x', name, uid: name, resourceVersion: String(version) },
  };
}

const modified = (name: string, version: number): object => ({
  type: 'MODIFIED',
  object: widget(name, version),
});
const bookmark = (version: number): object => ({
  type: 'BOOKMARK',
  object: { metadata: { resourceVersion: String(version) } },
});
const expired = {
  type: 'ERROR',
  object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' },
};

describe('a reflector', () => {
  let server: ScriptedApiServer;
  let stop: AbortController;
  let running: Promise<void>;
  let changes: string[];
  let logger: RecordingLogger;
  let restarts: string[];

  beforeEach(() => {
    stop = new AbortController();
    changes = [];
    restarts = [];
    logger = new RecordingLogger();
  });
  afterEach(async () => {
    stop.abort();
    await running;
    await server.close();
  });

  async function start(lists: readonly Answer[], watches: readonly Answer[]): Promise<void> {
    server = await startScriptedApiServer({ lists, watches });
    const store = new ObjectStore<KubernetesObject>();
    store.onChange(({ type, object }) =>
      changes.push(`${type} ${object.metadata?.name}@${object.metadata?.resourceVersion}`),
    );
    const reflector = new Reflector<KubernetesObject>({
      connection: server.connection,
      kind,
      namespace: undefined,
      store,
      logger,
      onListed: () => changes.push('listed'),
      onRestart: (reason) => restarts.push(reason),
      maxDelaySeconds: 0.02,
    });
    running = reflector.run(stop.signal);
  }

  const changesAre = (...expected: string[]): Promise<boolean> =>
    waitFor(
      `changes ${expected.join(', ')}; have ${changes.join(', ')}`,
      () => JSON.stringify(changes) === JSON.stringify(expected),
      { timeoutSeconds: 5 },
    );

  it('lists again when its version has expired, and tells only the differences', async () => {
    await start(
      [
        listOf('5', [widget('same', 1), widget('changed', 2), widget('gone', 3)]),
        listOf('20', [widget('same', 1), widget('changed', 12), widget('new', 15)]),
      ],
      [watchOf([expired]), watchOf([])],
    );
    await changesAre(
      'Added same@1',
      'Added changed@2',
      'Added gone@3',
      'listed',
      'Deleted gone@3',
      'Modified changed@12',
      'Added new@15',
      'listed',
    );
    await waitFor('the second watch', () => server.requests.length === 4);
    expect(server.requests).toEqual(['list', 'watch 5', 'list', 'watch 20']);
    expect(restarts).toEqual(['Expired']);
  });

  it('lists again when the server refuses the version outright', async () => {
    await start([listOf('5', []), listOf('20', [])], [refusal(410, 'Expired'), watchOf([])]);
    await waitFor('the second watch', () => server.requests.includes('watch 20'));
    expect(server.requests).toEqual(['list', 'watch 5', 'list', 'watch 20']);
  });

  it('goes on from the last bookmark when a watch ends', async () => {
    await start(
      [listOf('5', [widget('a', 1)])],
      [watchOf([modified('a', 6), bookmark(40)], 'ends'), watchOf([modified('a', 41)])],
    );
    await changesAre('Added a@1', 'listed', 'Modified a@6', 'Modified a@41');
    expect(server.requests).toEqual(['list', 'watch 5', 'watch 40']);
  });

  it('takes a line that was torn in the middle as not said', async () => {
    const torn = JSON.stringify(modified('a', 7)).slice(0, 40);
    await start(
      [listOf('5', [widget('a', 1)])],
      [watchOf([modified('a', 6), torn], 'breaks'), watchOf([modified('a', 7)])],
    );
    await changesAre('Added a@1', 'listed', 'Modified a@6', 'Modified a@7');
    expect(server.requests).toEqual(['list', 'watch 5', 'watch 6']);
  });

  it('starts a list over when it expires between two pages', async () => {
    await start(
      [
        listOf('5', [widget('a', 1)], 'page-2'),
        refusal(410, 'Expired'),
        listOf('9', [widget('a', 8), widget('b', 2)]),
      ],
      [watchOf([])],
    );
    await changesAre('Added a@8', 'Added b@2', 'listed');
    expect(server.requests.slice(0, 3)).toEqual(['list', 'list from page-2', 'list']);
  });

  it('tries again after any failure, and tells each trouble once, and its end', async () => {
    const down = refusal(503, 'ServiceUnavailable');
    await start([down, down, down, listOf('5', [])], [watchOf([bookmark(6)], 'ends'), watchOf([])]);
    await waitFor('the second watch', () => server.requests.includes('watch 6'));
    expect(logger.messages('warn')).toEqual(['list failed, will be tried again']);
    expect(logger.messages('info')).toEqual(['watching again']);
  });

  it('does not spin when the server ends every watch at once', async () => {
    await start([listOf('5', [])], [watchOf([], 'ends')]);
    await waitFor('some watches', () => server.requests.length > 5);
    expect(logger.messages('warn')).toEqual(['watch failed, will be tried again']);
  });

  it('stops when told, although the server holds its watch', async () => {
    await start([listOf('5', [])], [watchOf([])]);
    await waitFor('the watch', () => server.requests.length === 2);
    stop.abort();
    await running;
    expect(server.requests).toEqual(['list', 'watch 5']);
  });
});
