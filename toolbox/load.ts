/**
 * Job `load`: loads data sets from a store into an empty database and empty file trees. The order keeps
 * other people's data safe: look (somebody's data there? refuse) → fetch and prove every data set → look
 * again → mark as being loaded → load → count → mark as loaded. A load that was killed anywhere starts over
 * with the same loadID, and replaces only what it wrote itself.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseClient } from './database/client.ts';
import { withLoadAccount } from './database/load-account.ts';
import { withLargePackets } from './database/globals.ts';
import { count, dropSchemas, listSchemas, writeDatabaseMarker } from './database/content.ts';
import { openDataSet, verifyDump } from './database/dump.ts';
import { checkSpace, download } from './download.ts';
import { extractArchive, verifyArchive } from './files/extract.ts';
import { syncAll } from './files/durable.ts';
import { clearTree, countFiles, lookAtTree, writeTreeMarker } from './files/tree.ts';
import { JobError } from './job-error.ts';
import { decide } from './marker.ts';
import type { LoadDecision } from './marker.ts';
import { lookAtDatabase } from './probe.ts';
import { formatBytes } from '../base/bytes.ts';
import { part } from './report.ts';
import type { Report } from './report.ts';
import type { DatabaseAccess, TargetTree } from '../jobs/values.ts';
import type { LoadJobInput, LoadJobResult, Marker, VanillaSet } from '../jobs/load.ts';

const defaultScratch = '/var/tmp/jtel-job';

interface DatabaseTarget {
  readonly spec: DatabaseAccess;
  readonly client: DatabaseClient;
}

/** One place that data goes to, and what has to be done there. */
type Target =
  | {
      readonly kind: 'Database';
      readonly set: VanillaSet;
      readonly database: DatabaseTarget;
      readonly decision: LoadDecision;
    }
  | {
      readonly kind: 'FileTree';
      readonly set: VanillaSet;
      readonly tree: TargetTree;
      readonly decision: LoadDecision;
    };

interface Fetched {
  readonly target: Target;
  readonly path: string;
  /** Decompressed bytes, for progress. */
  readonly bytes: number;
  readonly files: number;
}

/** @throws {JobError} */
export async function load(spec: LoadJobInput, report: Report, signal: AbortSignal): Promise<LoadJobResult> {
  const { database } = spec;
  if (database === undefined) return await loadInto(spec, undefined, report, signal);
  return await DatabaseClient.with(database, signal, (client) =>
    loadInto(spec, { spec: database, client }, report, signal),
  );
}

async function loadInto(
  spec: LoadJobInput,
  database: DatabaseTarget | undefined,
  report: Report,
  signal: AbortSignal,
): Promise<LoadJobResult> {
  report({ step: 'Checking', percent: 0, message: 'looking whether database and files are empty' });
  const wanted = (await targets(spec, database)).filter((target) => target.decision !== 'Done');
  if (wanted.length > 0) {
    const scratch = spec.scratch ?? defaultScratch;
    try {
      const fetched = await fetchAll(wanted, scratch, report, signal);
      await writeAll(spec, await stillFree(fetched, spec, database), report, signal);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  report({ step: 'Counting', percent: 96 });
  const result = await countAll(spec, database);
  await markAll(wanted, { loadID: spec.loadID, state: 'loaded', time: new Date().toISOString() });
  return result;
}

/** @throws {JobError} DataNotEmpty before anything was fetched or written. */
async function targets(spec: LoadJobInput, database: DatabaseTarget | undefined): Promise<readonly Target[]> {
  const found: Target[] = [];
  for (const set of spec.dataSets) {
    if (set.kind === 'Database' && database !== undefined) {
      found.push({
        kind: 'Database',
        set,
        database,
        decision: decide(await lookAtDatabase(database.client, database.spec), spec.loadID),
      });
    }
    const tree = spec.fileTrees.find((candidate) => set.kind === 'FileTree' && candidate.name === set.name);
    if (tree !== undefined)
      found.push({ kind: 'FileTree', set, tree, decision: decide(await lookAtTree(tree), spec.loadID) });
  }
  return found;
}

async function fetchAll(
  wanted: readonly Target[],
  scratch: string,
  report: Report,
  signal: AbortSignal,
): Promise<readonly Fetched[]> {
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  const total = wanted.reduce((sum, { set }) => sum + set.bytes, 0);
  await checkSpace(scratch, total);
  const paths = wanted.map((_, index) => join(scratch, `data-set-${index}`));
  let before = 0;
  for (const [index, { set }] of wanted.entries()) {
    await download(
      set,
      paths[index] ?? '',
      (bytes) => {
        const message = `${formatBytes(before + bytes)} of ${formatBytes(total)}`;
        report({ step: 'Downloading', percent: part(1, 30, (before + bytes) / total), message });
      },
      signal,
    );
    before += set.bytes;
  }
  const fetched: Fetched[] = [];
  for (const [index, target] of wanted.entries()) {
    report({
      step: 'Verifying',
      percent: part(30, 45, index / wanted.length),
      message: `data set ${index + 1} of ${wanted.length}`,
    });
    const path = paths[index] ?? '';
    const content =
      target.kind === 'Database'
        ? { bytes: await verifyDump(target.set, path, signal), files: 0 }
        : await verifyArchive(target.set, path, signal);
    fetched.push({ target, path, ...content });
  }
  return fetched;
}

/** Fetching took time. This looks again, so that data that came in the meantime is not overwritten either. */
async function stillFree(
  fetched: readonly Fetched[],
  spec: LoadJobInput,
  database: DatabaseTarget | undefined,
): Promise<readonly Fetched[]> {
  const now = await targets(spec, database);
  return fetched.map((one) => ({
    ...one,
    target: now.find(({ set }) => set === one.target.set) ?? one.target,
  }));
}

async function writeAll(
  spec: LoadJobInput,
  fetched: readonly Fetched[],
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  await markAll(
    fetched.map(({ target }) => target),
    { loadID: spec.loadID, state: 'loading', time: new Date().toISOString() },
  );
  const total = fetched.reduce((sum, { bytes }) => sum + bytes, 0) || 1;
  let before = 0;
  for (const one of fetched) {
    if (one.target.kind === 'Database') {
      await loadDatabase(one, one.target.database, (bytes) => {
        const message = `${formatBytes(bytes)} of ${formatBytes(one.bytes)}`;
        report({ step: 'LoadingDatabase', percent: part(45, 95, (before + bytes) / total), message });
      });
    } else {
      await loadTree(
        one,
        one.target.set,
        one.target.tree,
        (files) => {
          const fraction = (before + (one.bytes * files) / Math.max(1, one.files)) / total;
          report({
            step: 'LoadingFiles',
            percent: part(45, 95, fraction),
            message: `${files} of ${one.files} files`,
          });
        },
        signal,
      );
    }
    before += one.bytes;
  }
}

async function loadDatabase(
  { target, path }: Fetched,
  { client, spec }: DatabaseTarget,
  onBytes: (bytes: number) => void,
): Promise<void> {
  // What is there now is this load's own: it comes from an earlier try, or is a schema without content.
  await dropSchemas(client, spec.schemas);
  const before = await listSchemas(client);
  let bytes = 0;
  const dump = openDataSet(path);
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of dump as AsyncIterable<Buffer>) {
      yield chunk;
      bytes += chunk.length;
      onBytes(bytes);
    }
  }
  try {
    await withLargePackets(client, () =>
      withLoadAccount(client, spec.schemas, async (account) => {
        await account.allowDefinitions();
        await account.client.load(counted());
      }),
    );
  } finally {
    dump.destroy();
  }
  const strange = (await listSchemas(client)).filter(
    (schema) => !before.includes(schema) && !spec.schemas.includes(schema),
  );
  if (strange.length > 0) {
    throw new JobError(
      'DataSetCorrupt',
      `the dump for ${target.kind} made schemas that the release does not declare: ${strange.join(', ')}; the data set must be made again`,
    );
  }
}

async function loadTree(
  one: Fetched,
  set: VanillaSet,
  tree: TargetTree,
  onFiles: (files: number) => void,
  signal: AbortSignal,
): Promise<void> {
  if (one.target.decision === 'LoadAgain') await clearTree(tree);
  let files = 0;
  await extractArchive(set, one.path, tree, () => onFiles(++files), signal);
  await syncAll([tree.path]);
}

async function markAll(wanted: readonly Target[], marker: Marker): Promise<void> {
  for (const target of wanted) {
    if (target.kind === 'Database') await writeDatabaseMarker(target.database.client, marker);
    else await writeTreeMarker(target.tree, marker);
  }
}

async function countAll(spec: LoadJobInput, database: DatabaseTarget | undefined): Promise<LoadJobResult> {
  return {
    loadID: spec.loadID,
    ...(database === undefined ? {} : { database: await count(database.client, database.spec.schemas) }),
    fileTrees: await Promise.all(
      spec.fileTrees.map(async (tree) => ({ name: tree.name, files: await countFiles(tree) })),
    ),
  };
}
