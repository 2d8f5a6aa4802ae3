/** Pause and resume with an API server in this process; `test/integration/channels/` has a real one. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { aChannel } from '../../controllers/channel/testing.ts';
import type { JtelChannel } from '../../crds/index.ts';
import { startAPIDouble, type APIDouble } from '../../test/support/api-double.ts';
import { kubectlJtel } from '../../test/support/plugin.ts';

let api: APIDouble;
let channel: JtelChannel;
/** How often the operator writes its status between what the command reads and writes. */
let interruptions: number;

beforeEach(async () => {
  channel = aChannel();
  interruptions = 0;
  const path = '/apis/jtel.de/v1alpha1/jtelchannels';
  api = await startAPIDouble((request, response) => void answer(path, request, response));
});
afterEach(() => api.close());

async function answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const sent = await text(request);
  const { pathname } = new URL(request.url ?? '/', 'http://server');
  const end = (code: number, body: object): void => {
    response.statusCode = code;
    response.end(JSON.stringify(body));
  };
  if (pathname === path) return end(200, { metadata: {}, items: [channel] });
  if (pathname !== `${path}/stable`) return end(404, { reason: 'NotFound', message: 'there is none' });
  if (request.method === 'PUT') {
    interruptions -= 1;
    if (interruptions >= 0) return end(409, { reason: 'Conflict' });
    channel = JSON.parse(sent) as JtelChannel;
  }
  end(200, channel);
}

const rollout = (...argv: readonly string[]) =>
  kubectlJtel(['rollout', ...argv], { kubeconfig: api.kubeconfig });

it('pauses a channel whose status the operator writes at the same time', async () => {
  interruptions = 2;
  const { code, err } = await rollout('pause', 'stable');
  expect({ code, err }).toMatchObject({ code: 0 });
  expect(channel.spec.paused).toBe(true);
});

it('gives up when it never gets through, and says that nothing was written', async () => {
  interruptions = Infinity;
  const { code, err } = await rollout('pause', 'stable');
  expect(code).toBe(1);
  expect(err).toContain('nothing was written');
});

it('names the channels that there are, when there is none of that name', async () => {
  const { code, err } = await rollout('resume', 'stabel');
  expect(code).toBe(1);
  expect(err).toContain('there is no JtelChannel stabel: there are stable');
});

it('takes no name that no object can have', async () => {
  const { code, err } = await rollout('pause', '../stable');
  expect(code).toBe(2);
  expect(err).toContain('"../stable" is not a valid name');
});
