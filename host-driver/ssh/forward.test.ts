import { PassThrough } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { expect, it } from 'vitest';
import { forward, type Gate } from './forward.ts';

const endpoint = { address: '192.0.2.10', port: 22, user: 'jtel', hostKeyFingerprints: [], privateKey: '' };
const { signal: never } = new AbortController();

/** A jump host that says nothing until `answer` is called. */
function silentGate() {
  const calls: ((error: Error | undefined, channel: ClientChannel) => void)[] = [];
  const gate: Gate = {
    host: 'jtel@198.51.100.1:22',
    client: {
      forwardOut(_from, _fromPort, _to, _toPort, opened) {
        if (opened !== undefined) calls.push(opened);
        return this as never;
      },
    },
  };
  const answer = (channel: PassThrough): void => calls[0]?.(undefined, channel as never);
  return { gate, answer };
}

it('gives up a way that the jump host says nothing of, and closes what comes late', async () => {
  const { gate, answer } = silentGate();
  await expect(forward(gate, endpoint, never, 0.01)).rejects.toMatchObject({
    reason: 'HostUnreachable',
    message: expect.stringContaining('does not reach 192.0.2.10:22: no TCP connection within 0.01 s'),
  });
  const late = new PassThrough();
  answer(late);
  expect(late.destroyed).toBe(true);
});

it('gives up when nobody waits for it any more', async () => {
  const { gate, answer } = silentGate();
  const stop = new AbortController();
  const way = forward(gate, endpoint, stop.signal, 60);
  stop.abort(new Error('the look ended'));
  await expect(way).rejects.toThrow('the look ended');
  const late = new PassThrough();
  answer(late);
  expect(late.destroyed).toBe(true);
  await expect(forward(gate, endpoint, stop.signal, 60)).rejects.toThrow('the look ended');
});

it('has the way that the jump host opens', async () => {
  const { gate, answer } = silentGate();
  const way = forward(gate, endpoint, never, 60);
  const channel = new PassThrough();
  answer(channel);
  expect(await way).toBe(channel);
});
