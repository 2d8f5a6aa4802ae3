/**
 * A fleet in memory of which much changes, with or without the page's server and pages that follow it; see
 * web-memory.ts, which runs it. `fleet STACKS BACKUPS-OF-EACH PAGES` prints the resident megabytes at the end;
 * without pages there is no server. `read PORT PAGES` is such pages, in a process of their own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ObjectStore } from '../../runtime/cache/object-store.ts';
import type { JtelBackup, JtelBackupStore, JtelRestore, JtelStack } from '../../crds/index.ts';
import { Fleet } from '../../web/server/fleet.ts';
import { PageServer } from '../../web/server/page-server.ts';
import { aGate, backupOf, stackOf } from '../../web/server/testing.ts';

const rounds = 10;
const roundMilliseconds = 400;

const caches = {
  stacks: new ObjectStore<JtelStack>(),
  stores: new ObjectStore<JtelBackupStore>(),
  backups: new ObjectStore<JtelBackup>(),
  restores: new ObjectStore<JtelRestore>(),
};

function aStack(index: number, message: string): JtelStack {
  return stackOf(`customer-${index % 100}`, `stack-${index}`, {
    phase: 'Ready',
    version: '3.43.2',
    message,
    componentsReady: '8/8',
    backup: { lastSuccessTime: '2026-03-01T02:00:00Z' },
  });
}

function someBackups(index: number, count: number): JtelBackup[] {
  return Array.from({ length: count }, (_, day) => {
    const startTime = new Date(Date.parse('2026-03-01T02:00:00Z') - day * 86_400_000).toISOString();
    const stack = { namespace: `customer-${index % 100}`, name: `stack-${index}` };
    const status = { phase: 'Completed', startTime, storedBytes: 1e9 } as const;
    return backupOf(stack, `stack-${index}-${day}`, status);
  });
}

/** As lists come from the API server: in pages of JSON, of which the parsing leaves its traces in memory. */
function fill(stacks: number, backupsOfEach: number): void {
  const indexes = Array.from({ length: stacks }, (_, index) => index);
  for (let start = 0; start < stacks; start += 500) {
    const page = indexes.slice(start, start + 500);
    for (const stack of parsed(page.map((index) => aStack(index, 'All is well.')))) caches.stacks.put(stack);
    for (const index of page)
      for (const backup of parsed(someBackups(index, backupsOfEach))) caches.backups.put(backup);
  }
}

function parsed<T>(objects: readonly T[]): readonly T[] {
  return JSON.parse(JSON.stringify(objects)) as T[];
}

async function serve(): Promise<PageServer> {
  const about = () => ({ name: '', namespaces: 'All' as const, synced: true });
  const now = () => new Date('2026-03-01T03:00:00Z');
  return await PageServer.listen({
    port: 0,
    address: '127.0.0.1',
    names: ['127.0.0.1'],
    files: new Map(),
    contentSecurityPolicy: '',
    gate: aGate(),
    cookie: { name: () => 'who', isSecure: false },
    fleet: new Fleet([{ ...caches, reads: () => true, about }], { gatherMilliseconds: 250, now }),
    program: { version: '0', servedBy: 'Operator' },
    detail: () => Promise.resolve(undefined),
    plan: () => Promise.resolve(undefined),
    failed: (error) => {
      throw error;
    },
  });
}

async function measure(stacks: number, backupsOfEach: number, pages: number): Promise<void> {
  fill(stacks, backupsOfEach);
  const port = pages === 0 ? undefined : (await serve()).port;
  const readers =
    port === undefined
      ? undefined
      : spawn(process.execPath, [fileURLToPath(import.meta.url), 'read', String(port), String(pages)], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
  // They say when all of them are open.
  if (readers !== undefined) await once(readers.stdout, 'data');
  for (let round = 0; round < rounds; round += 1) {
    for (let index = round; index < stacks; index += rounds) {
      const [stack] = parsed([aStack(index, `Round ${round} changed it.`)]);
      if (stack !== undefined) caches.stacks.put(stack);
    }
    await sleep(roundMilliseconds);
  }
  for (let round = 0; round < 3; round += 1) {
    global.gc?.();
    await sleep(200);
  }
  process.stdout.write(`${(process.memoryUsage.rss() / 1e6).toFixed(1)}\n`);
  readers?.kill();
  process.exit(0);
}

async function read(port: number, pages: number): Promise<void> {
  await Promise.all(
    Array.from({ length: pages }, async () => {
      const request = get({ host: '127.0.0.1', port, path: '/api/stream', headers: { cookie: 'who=me' } });
      const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream];
      let last = '';
      await new Promise<void>((resolve) => {
        response.on('data', (chunk: Buffer) => {
          last = `${last}${String(chunk)}`.slice(-100_000);
          if (last.includes('"isLast":true')) resolve();
        });
      });
    }),
  );
  process.stdout.write('open\n');
}

const [what, ...numbers] = process.argv.slice(2);
const [first = 0, second = 0, third = 0] = numbers.map(Number);
if (what === 'read') await read(first, second);
else await measure(first, second, third);
