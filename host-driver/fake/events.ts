/** The fake machine's event stream: new events, until the caller ends it or the machine drops it. */
import type { HostEvent } from '../host.ts';
import type { FakeMachine } from './machine.ts';

export async function* machineEvents(machine: FakeMachine, signal: AbortSignal): AsyncIterable<HostEvent> {
  const dropped = new AbortController();
  const queue: HostEvent[] = [];
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
