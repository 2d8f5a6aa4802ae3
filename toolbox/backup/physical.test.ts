/** The stream of the database's tool, through a real pipe, while there is little room for what comes. */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { completionMark, exchange } from '../../jobs/companion.ts';
import type { BackupDatabase } from '../../jobs/backup.ts';
import { waitFor } from '../../test/support/wait.ts';
import { endPiece, payload } from '../../test/support/backup/xbstream.ts';
import type { SourceContext } from './context.ts';
import { Throttle } from './context.ts';
import type { FileFacts } from './entries.ts';
import { FileWriter } from './file-writer.ts';
import { readPhysical } from './physical.ts';
import type { PhysicalFacts } from './physical.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'physical-'));
});
afterEach(() => rm(root, { recursive: true }));

/**
 * Works like the pipeline: it has a fixed number of slots. A chunk takes one, however small, and frees it
 * later.
 */
class FewSlots {
  readonly files: Record<string, string> = {};
  #free = 20;
  #waiting: (() => void)[] = [];

  get isFree(): boolean {
    return this.#free >= 18;
  }

  async free(): Promise<void> {
    while (!this.isFree) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  newFile(): FileWriter {
    const chunks: Buffer[] = [];
    let room = Buffer.alloc(0);
    const target = {
      takeSlot: () => {
        if (this.#free === 0) throw new Error('too many files are open at the same time');
        this.#free--;
        return { slot: 0, room: (room = Buffer.alloc(65_536)) };
      },
      addChunk: (_file: unknown, _offset: number, _slot: number, length: number) => {
        chunks.push(Buffer.from(room.subarray(0, length)));
        setImmediate(() => {
          this.#free++;
          for (const resolve of this.#waiting.splice(0)) resolve();
        });
      },
      addZeros: () => undefined,
      addFile: (_file: unknown, { path }: FileFacts) =>
        void (this.files[path.toString()] = Buffer.concat(chunks).toString()),
    };
    return new FileWriter(target, {} as never);
  }
}

async function readFrom(pipeline: FewSlots): Promise<PhysicalFacts> {
  const context = {
    pipeline,
    throttle: new Throttle(undefined, Date.now),
    signal: new AbortController().signal,
  } as unknown as SourceContext;
  return await readPhysical(
    { exchange: root, schemas: ['jtel', 'jtelstats'] } as unknown as BackupDatabase,
    context,
  );
}

/** Reads these files as one whole backup. The tool's own file, with its checkpoints, comes last. */
async function read(
  contents: ReadonlyMap<string, string>,
): Promise<{ readonly facts: PhysicalFacts; readonly files: Readonly<Record<string, string>> }> {
  const pieces = [...contents, ['mariadb_backup_checkpoints', 'full'] as const].flatMap(([path, content]) => [
    payload(path, 0, content),
    endPiece(path),
  ]);
  // Each job gets its own exchange.
  for (const name of [exchange.exitCode, exchange.reading, exchange.stream])
    await rm(join(root, name), { force: true });
  await writeFile(join(root, exchange.started), '');
  await writeFile(join(root, exchange.log), completionMark);
  const pipeline = new FewSlots();
  const reading = readFrom(pipeline);
  await waitFor('the pipe', async () =>
    (await stat(join(root, exchange.stream)).catch(() => undefined))?.isFIFO(),
  );
  await writeFile(join(root, exchange.stream), Buffer.concat(pieces));
  await writeFile(join(root, exchange.exitCode), '0\n');
  return { facts: await reading, files: pipeline.files };
}

test('hundreds of small files that come at once wait for room', async () => {
  const tables = Array.from({ length: 400 }, (_, number) => `jtel/table_${number}.frm`);
  const { files } = await read(new Map(tables.map((path) => [path, `definition of ${path}`])));
  expect(Object.keys(files)).toEqual([...tables, 'mariadb_backup_checkpoints']);
  expect(files['jtel/table_399.frm']).toBe('definition of jtel/table_399.frm');
});

test('leaves no descriptor to the garbage collector, which would close its number under whoever has it then', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const failures: unknown[] = [];
  const note = (failure: unknown): void => void failures.push(failure);
  process.on('warning', note).prependListener('uncaughtException', note);
  try {
    await read(new Map([['jtel/calls.frm', 'x']]));
    // The collector finds what nothing refers to after a few turns.
    for (let pass = 0; pass < 10; pass++) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    process.off('warning', note).off('uncaughtException', note);
  }
  expect(failures).toEqual([]);
});

test('tables of the schemas are counted by their definitions: no views, no tables of the server, none that is being rebuilt', async () => {
  const counted = ['jtel/calls.frm', 'jtel/calls2.frm', 'jtelstats/days.frm'];
  const others = [
    'jtel/calls.ibd',
    'jtel/#sql-alter-1-2.frm',
    'mysql/user.frm',
    'jtel/deeper/x.frm',
    'jtel.frm',
  ];
  const { facts } = await read(
    new Map([
      ...[...counted, ...others].map((path) => [path, '\xfe\x01 binary'] as const),
      ['jtel/overview.frm', 'TYPE=VIEW\nquery=select'],
    ]),
  );
  expect(facts.tables).toBe(3);
  expect((await read(new Map([['ibdata1', 'pages']]))).facts).not.toHaveProperty('tables');
});

test('a tool that ended before anybody read has failed at once', async () => {
  await writeFile(join(root, exchange.started), '');
  await writeFile(join(root, exchange.log), 'Failed to connect to MariaDB server');
  await writeFile(join(root, exchange.exitCode), '1\n');
  await expect(readFrom(new FewSlots())).rejects.toMatchObject({
    reason: 'ProducerFailed',
    message: expect.stringContaining('Failed to connect'),
  });
});
