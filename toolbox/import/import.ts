/**
 * Job `import`: brings the database of an old installation into a new, empty one. The old server is only read.
 *
 * `Pull` copies while the old installation works, table by table, several at a time; each is of one moment, all
 * together are not. It also tries whether the code (views, routines, triggers, events) loads, and drops that
 * again: nothing may work on data that do not count yet. `Finish` is for when the old installation was stopped:
 * it locks the old tables, compares all of them with their copies, copies those that differ, compares these again,
 * loads the code, and only then marks the data as loaded. Both go on where an earlier try was cut off.
 */
import { statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import {
  mostRemarks,
  type ImportJobInput,
  type ImportJobResult,
  type ImportRemark,
} from '../../jobs/import.ts';
import { readDefinitions, type DefinedTable, type Definitions } from '../backup/definitions.ts';
import { findBrokenViews, setup } from '../backup/logical.ts';
import { DatabaseClient } from '../database/client.ts';
import { count, dropSchemas, writeDatabaseMarker } from '../database/content.ts';
import { Conversation } from '../database/conversation.ts';
import { withLargePackets } from '../database/globals.ts';
import { withLoadAccount } from '../database/load-account.ts';
import type { LoadDecision } from '../marker.ts';
import { lookAtDatabase } from '../probe.ts';
import { part, type Report } from '../report.ts';
import { compareTable, requireSame, type Compared } from './compare.ts';
import { CopiedList } from './copied-list.ts';
import { copyTable } from './copy-table.ts';
import { keepingCurrentRows } from './current-rows.ts';
import { decideImport, finishedID } from './decision.ts';
import { whileLocked } from './lock.ts';
import { withSource, type Source, type SourceSession } from './source.ts';
import { dropCode, dropOthers, loadCode, loadSchemas, loadSequences } from './stored.ts';
import {
  readSourceFacts,
  readTargetFacts,
  remarksOf,
  requirePossible,
  requireRoom,
  requireSchemas,
} from './survey.ts';

const mostAtOnce = 4;

interface Work {
  readonly input: ImportJobInput;
  readonly client: DatabaseClient;
  readonly target: Conversation;
  readonly source: Source;
  readonly report: Report;
}

interface Survey {
  readonly definitions: Definitions;
  readonly remarks: readonly ImportRemark[];
}

/** @throws {JobError} */
export async function importDatabase(
  input: ImportJobInput,
  report: Report,
  signal: AbortSignal,
): Promise<ImportJobResult> {
  const { database } = input;
  report({ step: 'Checking', percent: 0, message: 'looking whether the database is empty' });
  return await DatabaseClient.with(database, signal, async (client) => {
    const decision = decideImport(await lookAtDatabase(client, database), input);
    if (decision === 'Done') return await doneBefore(input, client);
    return await withSource(input.source, signal, (source) =>
      withLargePackets(client, async () => {
        const target = await Conversation.begin(client, setup);
        try {
          return await bring({ input, client, target, source, report }, decision);
        } finally {
          target.end();
        }
      }),
    );
  });
}

/** The container was lost after the data were marked. */
async function doneBefore(
  { loadID, phase, database }: ImportJobInput,
  client: DatabaseClient,
): Promise<ImportJobResult> {
  return {
    loadID,
    phase,
    ...(await count(client, database.schemas)),
    copied: 0,
    remarks: [],
    moreRemarks: 0,
  };
}

async function bring(work: Work, decision: LoadDecision): Promise<ImportJobResult> {
  const { input, source, target } = work;
  if (input.phase === 'Pull') {
    const { result } = await copyAll(work, decision);
    await dropCode(target, input.schemas);
    return result;
  }
  const { result, list } = await whileLocked(source, input.schemas, () => copyAll(work, decision));
  await list.drop();
  await mark(work, 'loaded');
  return result;
}

async function mark({ client, input }: Work, state: 'loading' | 'loaded'): Promise<void> {
  const loadID = state === 'loaded' ? finishedID(input) : input.loadID;
  await writeDatabaseMarker(client, { loadID, state, time: new Date().toISOString() });
}

/** Everything but the mark that it counts. */
async function copyAll(
  work: Work,
  decision: LoadDecision,
): Promise<{ readonly result: ImportJobResult; readonly list: CopiedList }> {
  const { input, client, target } = work;
  const { loadID, phase, schemas } = input;
  const { definitions, remarks } = await survey(work, await work.source.begin());
  await mark(work, 'loading');
  if (decision === 'Load') await dropSchemas(client, schemas);
  const list = await CopiedList.open(target, `${input.source.host}:${input.source.port}`);
  await dropOthers(target, list, input.database.schemas, definitions);
  const done = await withLoadAccount(client, schemas, async (account) => {
    await loadSchemas(definitions, account.client);
    await loadSequences(definitions, account.client);
    const copied = await copyTables(work, definitions.tables, list, account.client);
    work.report({ step: 'LoadingCode', percent: 97 });
    await account.allowDefinitions();
    await loadCode(definitions, account.client);
    return copied;
  });
  const result = {
    loadID,
    phase,
    tables: definitions.tables.length,
    ...done,
    remarks: remarks.slice(0, mostRemarks),
    moreRemarks: Math.max(0, remarks.length - mostRemarks),
  };
  return { result, list };
}

/** Everything that prevents the import is found here, before anything is written. */
async function survey({ client, target, input, report }: Work, session: SourceSession): Promise<Survey> {
  report({ step: 'Looking', percent: 1, message: 'looking at what the old database has' });
  const { schemas } = input;
  const brokenViews = await findBrokenViews(session, schemas);
  const definitions = await readDefinitions(session, schemas, brokenViews);
  requireSchemas(definitions, schemas);
  const facts = await readSourceFacts(session, schemas);
  const known = await readTargetFacts(client, facts);
  requirePossible(facts, known);
  const tables = await keepingCurrentRows(definitions.tables, session, target);
  return {
    definitions: { ...definitions, tables },
    remarks: remarksOf(facts, known, definitions, brokenViews),
  };
}

async function copyTables(
  work: Work,
  tables: readonly DefinedTable[],
  list: CopiedList,
  account: DatabaseClient,
): Promise<Pick<ImportJobResult, 'rows' | 'copied'>> {
  const { input, source, report } = work;
  const there = tables.filter((table) => list.has(table));
  const isFinish = input.phase === 'Finish';
  const before = isFinish ? await compareAll(work, there, [2, 45]) : [];
  const wanted = tables.filter((table) => !list.has(table));
  wanted.push(...before.filter(({ isSame }) => !isSame).map(({ table }) => table));
  const bytes = wanted.reduce((sum, table) => sum + table.bytes, 0);
  const { bavail, bsize } = await statfs('/');
  requireRoom(bytes, bavail * bsize);
  let rows = 0;
  let read = 0;
  const range: readonly [number, number] = isFinish ? [45, 70] : [2, 97];
  await inParallel(wanted, async (next) => {
    const reader = await source.begin('', 'Raw');
    for (let table = next(); table !== undefined; table = next()) {
      await list.forget(table);
      const copied = await copyTable(table, reader, account, (more) => {
        read += more;
        report({
          step: 'Copying',
          percent: part(...range, read / Math.max(1, bytes)),
          bytesDone: read,
          bytesTotal: Math.max(read, bytes),
        });
      });
      rows += copied;
      await list.add(table);
    }
  });
  if (!isFinish) return { rows, copied: wanted.length };
  const after = await compareAll(work, wanted, [70, 97]);
  const all = [...before.filter(({ isSame }) => isSame), ...after];
  requireSame(all);
  return { rows: all.reduce((sum, one) => sum + one.rows, 0), copied: wanted.length };
}

async function compareAll(
  { source, client, report }: Work,
  tables: readonly DefinedTable[],
  range: readonly [number, number],
): Promise<readonly Compared[]> {
  const compared: Compared[] = [];
  await inParallel(tables, async (next) => {
    const there = await source.begin();
    const here = await Conversation.begin(client, setup);
    try {
      for (let table = next(); table !== undefined; table = next()) {
        compared.push(await compareTable(table, there, here));
        report({
          step: 'Comparing',
          percent: part(...range, compared.length / tables.length),
          message: `${compared.length} of ${tables.length} tables`,
        });
      }
    } finally {
      here.end();
    }
  });
  return compared;
}

/** The largest come first, so that no large one is begun last. */
async function inParallel(
  tables: readonly DefinedTable[],
  work: (next: () => DefinedTable | undefined) => Promise<void>,
): Promise<void> {
  const waiting = tables.toSorted((a, b) => a.bytes - b.bytes);
  const threads = Math.min(Math.max(2, Math.min(mostAtOnce, availableParallelism())), waiting.length);
  await Promise.all(Array.from({ length: threads }, () => work(() => waiting.pop())));
}
