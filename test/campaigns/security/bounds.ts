/**
 * Measures what a piece of work takes from all others: memory of the process, and the longest stop of its event loop. The
 * stop is counted in processor time of this thread, and the memory as Linux saw it, so a busy machine changes neither.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { runInNewContext } from 'node:vm';
import { setFlagsFromString } from 'node:v8';

export interface Taken {
  /** Most memory in use above that at the beginning, or resident if that is more, in MiB. */
  memoryMiB: number;
  /** Longest stretch of processor time between two turns of the event loop, in milliseconds. */
  stopMilliseconds: number;
}

setFlagsFromString('--expose-gc');
// Else a thread of V8 frees buffers some time later, on a busy machine much later, and what they took counts until then.
setFlagsFromString('--no-concurrent-array-buffer-sweeping');
const collectGarbage = runInNewContext('gc') as () => void;

/** Between two turns of the event loop. */
const tickMilliseconds = 2;
/** V8 lets some 64 MiB of garbage lie, whoever made it: beyond this it is collected, and what is then in use counts. */
const mostGarbageMiB = 12;

export async function measured<T>(work: () => Promise<T>): Promise<Taken & { readonly result: T }> {
  collectGarbage();
  // Linux forgets the highest value so far.
  await writeFile('/proc/self/clear_refs', '5');
  const before = await residentMiB('VmRSS');
  const watch = watchTurns();
  try {
    const result = await work();
    const { stopMilliseconds, memoryMiB } = watch.end();
    // Memory that was freed before is used again without becoming resident anew, so both are asked.
    const residentMoreMiB = (await residentMiB('VmHWM')) - before;
    return { result, stopMilliseconds, memoryMiB: Math.max(memoryMiB, residentMoreMiB) };
  } finally {
    watch.end();
  }
}

function watchTurns(): { readonly end: () => Taken } {
  const before = usedMiB();
  const taken: Taken = { memoryMiB: 0, stopMilliseconds: 0 };
  let last = threadMilliseconds();
  const turn = (): void => {
    taken.stopMilliseconds = Math.max(taken.stopMilliseconds, threadMilliseconds() - last);
    if (usedMiB() - before > taken.memoryMiB + mostGarbageMiB) {
      collectGarbage();
      taken.memoryMiB = Math.max(taken.memoryMiB, usedMiB() - before);
    }
    // Our own work is none of its stops.
    last = threadMilliseconds();
  };
  const timer = setInterval(turn, tickMilliseconds);
  return {
    end: () => {
      clearInterval(timer);
      turn();
      return taken;
    },
  };
}

/** With what the collector of garbage has not found yet. */
function usedMiB(): number {
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

function threadMilliseconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

async function residentMiB(field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
}
