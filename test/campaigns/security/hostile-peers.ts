/** Hostile peers for readers; they run in one process beside this one, which is started with the first. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { HostTarget } from '../../../host-driver/host.ts';
import type { FromPeers, HostOrder, ServerOrder, ToPeers } from './peer-orders.ts';

let running: ChildProcess | undefined;
let asked = 0;
const waiting = new Map<number, (answer: FromPeers) => void>();

export async function hostileHost(
  order: HostOrder,
): Promise<AsyncDisposable & { readonly target: HostTarget }> {
  const { target, ...peer } = await opened(order);
  if (target === undefined) throw new Error('the hostile host has no target');
  return { target, ...peer };
}

export async function hostileServer(order: ServerOrder): Promise<AsyncDisposable & { readonly url: string }> {
  const { url, ...peer } = await opened(order);
  if (url === undefined) throw new Error('the hostile server has no address');
  return { url, ...peer };
}

async function opened(order: HostOrder | ServerOrder): Promise<AsyncDisposable & Omit<FromPeers, 'id'>> {
  const { id, ...where } = await ask({ id: (asked += 1), open: order });
  return {
    ...where,
    [Symbol.asyncDispose]: async () => void (await ask({ id: (asked += 1), close: id })),
  };
}

/** Ends their process. */
export function endHostilePeers(): void {
  running?.disconnect();
  running = undefined;
}

async function ask(message: ToPeers): Promise<FromPeers> {
  running ??= started();
  const answered = new Promise<FromPeers>((resolve) => waiting.set(message.id, resolve));
  running.send(message);
  return await answered;
}

function started(): ChildProcess {
  const child = fork(fileURLToPath(new URL('peer-process.ts', import.meta.url)), { execArgv: [] });
  child.on('message', (answer: FromPeers) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  return child;
}
