/**
 * `restore.throughput`: how long it takes until a database from a backup answers again on its host. Ours is
 * the job that the operator starts, reading from a blob server in memory. The peers have their input on the
 * host's own disk already, which favours them: an SQL dump through the client, and the database's own files
 * unpacked and prepared by hand. All end with the data on disk. `JTEL_BENCH_DATABASE_MIB` sets the size
 * (default 1024).
 */
import { RestoreStage, first, second, signal } from '../../test/integration/toolbox/restore-stage.ts';
import { aFence } from '../../test/support/host-builders.ts';
import { countCalls, fillCalls } from '../backup/calls.ts';
import type { Benchmark, BenchmarkContext, Contender, Trial } from '../benchmark.ts';
import { formatValue } from '../statistics.ts';

const timesDump = 5;
const timesByHand = 1.3;
const dumpPeer = 'zstd -dc | mariadb';
const handPeer = 'unpack + prepare by hand';
const directory = '/var/lib/docker/jtel-bench';
const clientFile = '--defaults-file=/dev/shm/jtel/client.cnf';

export const restoreThroughput: Benchmark = {
  name: 'restore.throughput',
  unit: 's',
  runs: 5,
  goal: `at least ${timesDump} times as fast as ${dumpPeer}, and at most ${timesByHand} times as long as ${handPeer}`,

  async prepare(context): Promise<Trial> {
    const stage = await RestoreStage.on(await context.sandbox());
    context.atEnd(async () => {
      for (const project of [first, second]) await stage.host.destroy(project, aFence(), signal);
      await stage.onHost(`rm -rf ${directory}`);
      await stage.leave();
    });
    await stage.start(first);
    await fill(stage, Number(process.env['JTEL_BENCH_DATABASE_MIB'] ?? 1024), context);
    return { product: await ours(stage), peers: [await byDump(stage), await byHand(stage)], judge };
  },
};

const judge: Trial['judge'] = (product, peers) => {
  const medianOf = (name: string): number => peers.find((peer) => peer.name === name)?.median ?? Number.NaN;
  const [faster, longer] = [medianOf(dumpPeer) / product.median, product.median / medianOf(handPeer)];
  return {
    met: faster >= timesDump && longer <= timesByHand,
    because: `${formatValue(faster)} times as fast as the dump, ${formatValue(longer)} times as long as by hand`,
  };
};

async function fill(stage: RestoreStage, mebibytes: number, context: BenchmarkContext): Promise<void> {
  await context.progress.step(`a database of ${mebibytes} MiB`, async () => {
    await fillCalls(mebibytes, (statements) => stage.sql(first, statements));
    // All work of the filling is done, and the files do not change any more.
    await stage.host.composeStop(first, aFence(), signal);
    await stage.start(first);
  });
}

/** The project to load into, with empty volumes. */
async function emptied(stage: RestoreStage): Promise<void> {
  await stage.host.destroy(second, aFence(), signal);
  await stage.host.claim(second, aFence(), signal);
  await stage.host.writeRelease(second, stage.release(second), aFence(), signal);
  await stage.onHost('sync');
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

async function expectRows(stage: RestoreStage): Promise<void> {
  const [there, wanted] = [await stage.sql(second, countCalls), await stage.sql(first, countCalls)];
  if (there !== wanted) throw new Error(`${there} rows came back, ${wanted} were there`);
}

async function ours(stage: RestoreStage): Promise<Contender> {
  const backup = await stage.backup(first, 'Physical', '20261123t120000z-00000a');
  return {
    name: 'jtel-operator',
    run: async () => {
      await emptied(stage);
      const seconds = await timed(async () => {
        const { error } = await stage.restore(second, backup);
        if (error !== undefined) throw new Error(`the restore failed: ${error.reason} ${error.message}`);
        await stage.start(second);
      });
      await expectRows(stage);
      return seconds;
    },
  };
}

async function byDump(stage: RestoreStage): Promise<Contender> {
  await stage.onHost(
    `mkdir -p ${directory} && id=$(docker create ${imageOf(stage, 'toolbox')}) && docker cp -L $id:/usr/bin/zstd ${directory}/zstd && docker rm $id >/dev/null`,
  );
  await stage.onHost(
    `docker exec ${first}-acd-dbm-1 mariadb-dump ${clientFile} --single-transaction --quick --routines --databases jtel jtelstats | ${directory}/zstd -1 -q -f -o ${directory}/dump.zst`,
  );
  return {
    name: dumpPeer,
    run: async () => {
      await emptied(stage);
      await stage.start(second);
      await stage.onHost(
        `docker cp ${directory}/zstd ${second}-acd-dbm-1:/usr/bin/zstd && docker cp ${directory}/dump.zst ${second}-acd-dbm-1:/tmp/dump.zst && sync`,
      );
      const seconds = await timed(async () => {
        await stage.onHost(
          `docker exec ${second}-acd-dbm-1 bash -o pipefail -c 'zstd -dc /tmp/dump.zst | mariadb ${clientFile} && sync -f /var/lib/mysql'`,
        );
      });
      await expectRows(stage);
      return seconds;
    },
  };
}

async function byHand(stage: RestoreStage): Promise<Contender> {
  await stage.onHost(
    `docker exec ${first}-acd-dbm-1 bash -o pipefail -c 'mariadb-backup ${clientFile} --backup --stream=xbstream --target-dir=/tmp 2>/dev/null' | ${directory}/zstd -1 -q -f -o ${directory}/files.zst`,
  );
  const data = '/var/lib/mysql/data';
  const script = `zstd -dc /in/files.zst | mbstream -x -C ${data} && mariadb-backup --prepare --target-dir=${data} 2>/dev/null && chown -R mysql:mysql ${data} && sync -f ${data}`;
  return {
    name: handPeer,
    run: async () => {
      await emptied(stage);
      const seconds = await timed(async () => {
        await stage.onHost(`docker volume create --label com.docker.compose.project=${second} --label com.docker.compose.volume=database ${second}_database >/dev/null
          docker run --rm --network none -v ${second}_database:/var/lib/mysql -v ${directory}:/in -v ${directory}/zstd:/usr/bin/zstd --entrypoint bash ${imageOf(stage, 'master')} -o pipefail -c 'mkdir -p ${data} && ${script}'`);
        await stage.start(second);
      });
      await expectRows(stage);
      return seconds;
    },
  };
}

function imageOf(stage: RestoreStage, name: 'toolbox' | 'master'): string {
  const { repository, digest } = stage.images[name];
  return `${repository}@${digest}`;
}
