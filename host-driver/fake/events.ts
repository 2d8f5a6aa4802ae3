/** The fake machine's event stream: those since a time, and new ones, until the caller ends it or the machine drops it. */
import type { HostEvent } from '../host.ts';
import type { FakeMachine } from './machine.ts';

export async function* machineEvents(
  machine: FakeMachine,
  signal: AbortSignal,
  sinceSeconds = Number.POSITIVE_INFINITY,
): AsyncIterable<HostEvent> {
  const dropped = new AbortController();
  const queue = machine.remembered.filter(({ timeSeconds }) => timeSeconds >= sinceSeconds);
  let wake = Promise.withResolvers<void>();
  const listener = (event: HostEvent) => {
    queue.push(event);
    wake.resolve();
  };
  const ended = AbortSignal.any([signal, dropped.signal]);
  const wakeUp = () => wake.resolve();
  ended.addEventListener('abort', wakeUp, { once: true });
  machine.listeners.add(listener);
  machine.streams.add(dropped);
  try {
    for (;;) {
      ended.throwIfAborted();
      const event = queue.shift();
      if (event !== undefined) yield event;
      else {
        await wake.promise;
        wake = Promise.withResolvers<void>();
      }
    }
  } finally {
    machine.listeners.delete(listener);
    machine.streams.delete(dropped);
  }
}
