/**
 * The toolbox's jobs against a real MariaDB and a real volume: what is loaded, what is refused, what survives
 * a crash.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { waitFor } from '../../support/wait.ts';
import { archive, dump, dumpText, goodEntries, halfWay, heldDump, truncatedDump } from './data.ts';
import type { ArchiveEntry } from './data.ts';
import { zstdCompressSync } from 'node:zlib';
import { Stage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(async () => {
  await stage?.close();
});
beforeEach(async () => {
  await stage.reset();
});

const rows = async (): Promise<string> => await stage.sql('SELECT COUNT(*) FROM jtel.calls');
const schemas = async (): Promise<string> =>
  await stage.sql(
    "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'jtel%' ORDER BY 1",
  );

const loadAccounts = async (): Promise<string> =>
  await stage.sql("SELECT COUNT(*) FROM mysql.user WHERE User = 'jtel_operator_load'");

/** Nothing was written: no schema, no marker, no file. */
async function expectUntouched(): Promise<void> {
  expect(await schemas()).toBe('');
  expect(await stage.inTree('ls -A')).toBe('');
}

describe('loading into an empty database and an empty tree', () => {
  test('loads everything, counts it, and marks it as loaded', async () => {
    const sets = [stage.serve('Database', dump(1234)), stage.serve('FileTree', await archive(goodEntries))];
    const outcome = await stage.run(stage.loadSpec('load-1', sets));
    expect(outcome.error).toBeUndefined();
    expect(outcome.exitCode).toBe(0);
    expect(outcome.result).toEqual({
      loadID: 'load-1',
      database: { tables: 2, rows: 1234 },
      fileTrees: [{ name: 'files', files: 2 }],
    });
    expect(outcome.progress.map(({ step }) => step)).toEqual(
      expect.arrayContaining([
        'Checking',
        'Downloading',
        'Verifying',
        'LoadingDatabase',
        'LoadingFiles',
        'Counting',
      ]),
    );
    expect(await rows()).toBe('1234');
    const listing = await stage.inTree(
      "find . -not -path './.jtel-operator*' -printf '%M %U:%G %P %l\\n' | sort -k3",
    );
    expect(listing.split('\n').map((line) => line.trim())).toEqual([
      'drwxr-xr-x 1000:1000',
      'drwxr-x--- 1000:1000 announcements',
      'lrwxrwxrwx 1000:1000 announcements/default.wav welcome.wav',
      '-rw-r--r-- 1000:1000 announcements/welcome.wav',
      'drwxr-xr-x 1000:1000 skins',
      'drwxr-xr-x 1000:1000 skins/deep',
      '-rw------- 1000:1000 skins/deep/logo.svg',
    ]);
    expect(await stage.sql('SELECT content FROM jtel_operator.data_marker')).toContain('"state":"loaded"');
    expect(await stage.inTree('cat .jtel-operator/marker.json')).toContain('"loadID":"load-1"');
  });

  test('leaves no secret in the container: not in its description, log or files', async () => {
    const job = await stage.start(
      stage.loadSpec('load-1', [
        stage.serve('Database', dump(10)),
        stage.serve('FileTree', await archive(goodEntries)),
      ]),
    );
    expect((await stage.finish(job)).exitCode).toBe(0);
    const described = await stage.docker.run(['inspect', job]);
    const log = await stage.docker.run(['logs', job]);
    const files = await stage.docker.run(['diff', job]);
    for (const text of [described, log]) {
      expect(text).not.toContain('canary-signature');
      expect(text).not.toContain(JSON.stringify(stage.rootPassword).slice(1, -1));
    }
    expect(files).not.toMatch(/spec\.json|client\.cnf|data-set/);
  });

  test('does nothing, and fetches nothing, when the same load has finished before', async () => {
    const spec = stage.loadSpec('load-1', [
      stage.serve('Database', dump(10)),
      stage.serve('FileTree', await archive(goodEntries)),
    ]);
    const first = await stage.run(spec);
    await stage.sql('INSERT INTO jtel.calls VALUES (-1, "written by the stack since")');
    stage.requests.length = 0;
    const second = await stage.run(spec);
    expect(first.exitCode).toBe(0);
    expect(second.exitCode).toBe(0);
    expect(stage.requests).toEqual([]);
    expect(await rows()).toBe('11');
  });

  test('takes a download up again where the connection broke', async () => {
    const content = dump(20_000);
    const set = stage.serve('Database', content);
    const served = stage.served.get(new URL(set.url).pathname);
    if (served !== undefined) served.breakAfterBytes = Math.floor(content.length / 2);
    const outcome = await stage.run(stage.loadSpec('load-1', [set]));
    expect(outcome.exitCode).toBe(0);
    expect(stage.requests.map((request) => request.split(' ')[1]?.replace(/\d+/, 'N'))).toEqual([
      undefined,
      'bytes=N-',
    ]);
    expect(await rows()).toBe('20000');
  });
});

describe('data that is there already', () => {
  test('a table in a schema of the stack stops the load before anything is fetched', async () => {
    await stage.sql(
      'CREATE DATABASE jtel; CREATE TABLE jtel.customers (id INT); INSERT INTO jtel.customers VALUES (7)',
    );
    const outcome = await stage.run(
      stage.loadSpec('load-1', [
        stage.serve('Database', dump(10)),
        stage.serve('FileTree', await archive(goodEntries)),
      ]),
    );
    expect(outcome.exitCode).toBe(1);
    expect(outcome.error?.reason).toBe('DataNotEmpty');
    expect(outcome.error?.message).toContain('jtel.customers');
    expect(stage.requests).toEqual([]);
    expect(await stage.sql('SELECT id FROM jtel.customers')).toBe('7');
    expect(await stage.inTree('ls -A')).toBe('');
  });

  test('a file in the tree stops the load, also of the database', async () => {
    await stage.inTree('mkdir lost+found recordings && echo precious > recordings/call.wav');
    const outcome = await stage.run(
      stage.loadSpec('load-1', [
        stage.serve('Database', dump(10)),
        stage.serve('FileTree', await archive(goodEntries)),
      ]),
    );
    expect(outcome.error?.reason).toBe('DataNotEmpty');
    expect(outcome.error?.message).toContain('file tree files is not empty: 1 entry: recordings');
    expect(await stage.inTree('cat recordings/call.wav')).toBe('precious');
    expect(await schemas()).toBe('');
  });

  test('another load’s data are left alone, finished or not', async () => {
    await stage.run(stage.loadSpec('load-1', [stage.serve('Database', dump(10))]));
    const outcome = await stage.run(stage.loadSpec('load-2', [stage.serve('Database', dump(20))]));
    expect(outcome.error?.reason).toBe('DataNotEmpty');
    expect(outcome.error?.message).toContain('written by load load-1');
    expect(await rows()).toBe('10');
  });

  test('probe tells what is there and changes nothing', async () => {
    const empty = await stage.run(stage.spec({ type: 'probe' }));
    expect(empty.result).toEqual({
      database: { empty: true, tables: 0 },
      fileTrees: [{ name: 'files', empty: true, entries: 0 }],
    });
    await expectUntouched();
    await stage.run(stage.loadSpec('load-1', [stage.serve('Database', dump(10))]));
    await stage.inTree('touch one two');
    const full = await stage.run(stage.spec({ type: 'probe' }));
    expect(full.result).toMatchObject({
      database: { empty: false, tables: 2, marker: { loadID: 'load-1', state: 'loaded' } },
      fileTrees: [{ name: 'files', empty: false, entries: 2 }],
    });
  });
});

describe('data sets that are not what they should be', () => {
  const flipped = (content: Buffer): Buffer => {
    const copy = Buffer.from(content);
    copy.writeUInt8(copy.readUInt8(copy.length >> 1) ^ 1, copy.length >> 1);
    return copy;
  };

  test.each([
    ['a flipped byte', flipped(dump(1000)), dump(1000), 'sha256'],
    ['a dump without its end marker', truncatedDump(1000), truncatedDump(1000), 'Dump completed'],
  ])('%s in the database is found before anything is written', async (_what, content, claimed, message) => {
    const outcome = await stage.run(
      stage.loadSpec('load-1', [
        stage.serve('FileTree', await archive(goodEntries)),
        stage.serve('Database', content, claimed),
      ]),
    );
    expect(outcome.error?.reason).toBe('DataSetCorrupt');
    expect(outcome.error?.message).toContain(message);
    await expectUntouched();
  });

  const hostile: readonly (readonly [string, readonly ArchiveEntry[]])[] = [
    // For every other kind, see release/archive/entry-check.test.ts.
    ['a name with ..', [{ name: 'a/../../evil', content: 'x' }]],
    [
      'a file behind a link',
      [
        { name: 'a', type: 'symlink', linkname: '.' },
        { name: 'a/b', type: 'symlink', linkname: '..' },
      ],
    ],
  ];
  test.each(hostile)('%s in an archive is refused before anything is written', async (_what, entries) => {
    const bad = await archive([{ name: 'good.txt', content: 'good' }, ...entries]);
    const outcome = await stage.run(
      stage.loadSpec('load-1', [stage.serve('Database', dump(10)), stage.serve('FileTree', bad)]),
    );
    expect(outcome.error?.reason).toBe('DataSetCorrupt');
    expect(outcome.error?.message).toContain('refused');
    await expectUntouched();
  });

  test('a dump cannot make the client run programs', async () => {
    const evil = zstdCompressSync(
      Buffer.from(
        `\\! touch /data/files/evil\nsystem touch /data/files/evil\n${dumpText(10)}-- Dump completed\n`,
      ),
    );
    const outcome = await stage.run(stage.loadSpec('load-1', [stage.serve('Database', evil)]));
    expect(outcome.exitCode).toBe(1);
    expect(await stage.inTree('ls -A')).toBe('');
  });

  test.each([
    ['the server’s accounts', "INSERT INTO mysql.global_priv VALUES ('%', 'evil', '{}')"],
    ['a right', "GRANT SELECT ON jtel.* TO 'healthcheck'@'localhost'"],
    ['another schema', 'CREATE TABLE other.things (id INT)'],
    ['a new schema', 'CREATE DATABASE another'],
    ['a schema whose name only looks alike', 'CREATE DATABASE jtelXstats'],
    ['the mark of the load', 'DROP TABLE jtel_operator.data_marker'],
    ['a setting of the server', 'SET GLOBAL max_connections = 1'],
    ['a file', "SELECT 'x' INTO OUTFILE '/tmp/evil'"],
  ])('a line of a dump that writes elsewhere is refused by the server: %s', async (_what, line) => {
    await stage.sql('CREATE DATABASE other');
    const evil = zstdCompressSync(Buffer.from(`${dumpText(10)}${line};\n-- Dump completed\n`));
    const outcome = await stage.run(stage.loadSpec('load-1', [stage.serve('Database', evil)]));
    expect(outcome.error).toMatchObject({
      reason: 'StatementRefused',
      message: expect.stringMatching(/denied|you need/),
    });
    expect(await loadAccounts()).toBe('0');
    expect(await stage.sql('SHOW TABLES FROM other')).toBe('');
  });

  test('a dump may define code that runs as somebody else', async () => {
    const code =
      'USE jtel;\nCREATE DEFINER=`root`@`localhost` FUNCTION one() RETURNS INT DETERMINISTIC RETURN 1;\n' +
      'CREATE DEFINER=`root`@`localhost` TRIGGER stamp BEFORE INSERT ON calls FOR EACH ROW SET NEW.note = "x";\n';
    const good = zstdCompressSync(Buffer.from(`${dumpText(10)}${code}-- Dump completed\n`));
    const outcome = await stage.run(stage.loadSpec('load-1', [stage.serve('Database', good)]));
    expect(outcome.error).toBeUndefined();
    expect(await stage.sql('SELECT jtel.one(), @@GLOBAL.log_bin_trust_function_creators')).toBe('1\t0');
  });

  test('a store that refuses is named without its signature', async () => {
    const set = stage.serve('Database', dump(10));
    const outcome = await stage.run(
      stage.loadSpec('load-1', [{ ...set, url: set.url.replace('canary-signature', 'expired-signature') }]),
    );
    expect(outcome.error?.reason).toBe('DownloadFailed');
    expect(outcome.error?.message).toContain('403');
    expect(outcome.lines.join('\n')).not.toContain('expired-signature');
    await expectUntouched();
  });
});

describe('a job that does not get to its end', () => {
  const many = 10_000;
  const half = String(many / 2);

  /** A job that stands still in the middle of its load until it is let on; the test ends it before. */
  async function loadingJob(loadID: string): Promise<{
    readonly job: string;
    readonly spec: Readonly<Record<string, unknown>>;
    readonly letOn: () => Promise<void>;
  }> {
    const holding = stage.sql(`DO GET_LOCK('${halfWay}', 0); DO SLEEP(3600)`).catch(() => 'ended');
    const holder = await waitFor('the lock', async () => {
      const id = (await stage.sql(`SELECT IS_USED_LOCK('${halfWay}')`)).trim();
      return id !== 'NULL' && id;
    });
    const spec = stage.loadSpec(loadID, [
      stage.serve('FileTree', await archive(goodEntries)),
      stage.serve('Database', heldDump(many)),
    ]);
    const job = await stage.start(spec);
    await waitFor('half of the rows', async () => (await rows().catch(() => '')).trim() === half);
    const letOn = async (): Promise<void> => {
      await stage.sql(`KILL ${holder}`);
      await holding;
    };
    return { job, spec, letOn };
  }

  test('killed in the middle, the same load starts over and gets everything', async () => {
    const { job, spec, letOn } = await loadingJob('load-1');
    await stage.docker.run(['kill', job]);
    const killed = await stage.finish(job);
    expect(killed.exitCode).toBe(137);
    await letOn();
    expect(await rows()).toBe(half);
    expect(await loadAccounts()).toBe('1');
    const again = await stage.run(spec);
    expect(await loadAccounts()).toBe('0');
    expect(again.result).toEqual({
      loadID: 'load-1',
      database: { tables: 2, rows: many },
      fileTrees: [{ name: 'files', files: 2 }],
    });
  });

  test('killed in the middle, another load does not touch what it left', async () => {
    const { job, letOn } = await loadingJob('load-1');
    await stage.docker.run(['kill', job]);
    await stage.finish(job);
    await letOn();
    const before = await rows();
    const other = await stage.run(stage.loadSpec('load-2', [stage.serve('Database', dump(10))]));
    expect(other.error?.reason).toBe('DataNotEmpty');
    expect(other.error?.message).toContain('begun and not finished by load load-1');
    expect(await rows()).toBe(before);
  });

  test('stopped by SIGTERM it says so', async () => {
    const { job, letOn } = await loadingJob('load-1');
    await stage.docker.run(['kill', '--signal', 'TERM', job]);
    const stopped = await stage.finish(job);
    await letOn();
    expect(stopped.exitCode).toBe(1);
    expect(stopped.error?.reason).toBe('Cancelled');
  });

  test('a wrong password is told at once', async () => {
    const spec = stage.spec({
      type: 'probe',
      database: { host: 'acd-dbm', port: 3306, rootPassword: 'wrong', schemas: ['jtel'] },
    });
    const outcome = await stage.run(spec);
    expect(outcome.error?.reason).toBe('DatabaseFailed');
    expect(outcome.error?.message).toContain('Access denied');
  });

  test('started a second time it has no input and says so', async () => {
    const job = await stage.start(stage.spec({ type: 'probe' }));
    expect((await stage.finish(job)).exitCode).toBe(0);
    await stage.docker.run(['start', job]);
    expect((await stage.finish(job)).error?.reason).toBe('SpecMissing');
  });
});
