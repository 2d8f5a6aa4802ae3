/** What file trees hold besides plain files, and what vendors pack: it is kept, or reported. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { link, readFile, readlink, stat, symlink } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { zstdCompressSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { accessACL, defaultACL } from '../../../../backup-format/attributes.ts';
import { ProgressTeller } from '../../../../toolbox/backup/progress.ts';
import { readAttributes } from '../../../../toolbox/files/xattr.ts';
import { checkArchive } from '../../../../release/archive/read-archive.ts';
import { aclValue, setAttribute } from '../../../support/backup/attributes.ts';
import { content } from '../../../support/backup/job-builder.ts';
import { thereAndBack } from '../../../support/backup/there-and-back.ts';
import type { WorldCase } from '../scene.ts';

const run = promisify(execFile);
const readArchive = async (
  tar: Uint8Array,
  frames: readonly number[],
): Promise<{ readonly files: number }> => {
  const cuts = [0, ...frames, tar.length];
  const parts = cuts.slice(1).map((end, index) => zstdCompressSync(tar.subarray(cuts[index], end)));
  return await checkArchive(Readable.from(parts, { objectMode: true }), new AbortController().signal);
};

async function archiveOf(name: string, pax: Record<string, string> = {}): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name, pax } as Parameters<typeof tar.entry>[0], 'content');
  tar.finalize();
  return await buffer(tar);
}

export const cases: readonly WorldCase[] = [
  {
    id: 'W4',
    title: 'links come back as they are, absolute and leading out; pipes are counted',
    needs: 'nothing',
    run: async () =>
      await thereAndBack(
        async (tree) => {
          await symlink('/data/files/greeting.wav', `${tree.path}/absolute`);
          await symlink('../../elsewhere', `${tree.path}/out`);
          await run('mkfifo', [`${tree.path}/pipe`]);
        },
        async ({ here, set, counted }) => {
          assert.equal(await readlink(here('absolute')), '/data/files/greeting.wav');
          assert.equal(await readlink(here('out')), '../../elsewhere');
          assert.deepEqual(set.leftOut, [{ kind: 'Pipe', entries: 1, examples: ['pipe'] }]);
          assert.deepEqual(counted.tree, set.tree);
        },
      ),
  },
  {
    id: 'W5',
    title: 'attributes and ACLs come back, and no access is wider than it was',
    needs: 'nothing',
    run: async () =>
      await thereAndBack(
        async (tree) => {
          await tree.write('folder/plan', Buffer.from('x'), 0o640);
          setAttribute(`${tree.path}/folder/plan`, { name: 'user.origin', value: Buffer.from('scan') });
          setAttribute(`${tree.path}/folder/plan`, {
            name: accessACL,
            value: aclValue({ uid: 1234, user: 6, group: 0, mask: 6 }),
          });
          setAttribute(`${tree.path}/folder`, {
            name: defaultACL,
            value: aclValue({ uid: 1234, user: 7, group: 5, mask: 7 }),
          });
        },
        ({ there, here, set, counted }) => {
          for (const name of ['folder', 'folder/plan'])
            assert.deepEqual(
              readAttributes(Buffer.from(here(name))),
              readAttributes(Buffer.from(there(name))),
            );
          assert.deepEqual(counted.tree, set.tree);
        },
      ),
  },
  {
    id: 'W6',
    title: 'six names of one file take the room of one',
    needs: 'nothing',
    run: async () =>
      await thereAndBack(
        async (tree) => {
          await tree.write('1', content(1, 2_000_000));
          for (const name of ['2', '3', '4', '5', '6']) await link(`${tree.path}/1`, `${tree.path}/${name}`);
        },
        async ({ here, set, counted }) => {
          assert.equal((await stat(here('6'))).nlink, 6);
          assert.equal(set.bytes, 12_000_000);
          assert.ok((set.realBytes ?? Infinity) <= 2_000_000);
          assert.deepEqual(counted.tree, set.tree);
        },
      ),
  },
  {
    id: 'W17',
    title: 'a path that is too long for one call is left out and told, the rest comes back',
    needs: 'nothing',
    run: async () =>
      await thereAndBack(
        async (tree) => {
          await tree.write('file', Buffer.from('x'));
          const deeper = 'for _ in {1..20}; do mkdir "$2" && cd -P "./$2" || exit 1; done; touch deep';
          await run('bash', ['-c', `cd "$1" && ${deeper}`, '-', tree.path, 'd'.repeat(250)]);
        },
        async ({ here, set }) => {
          assert.equal(await readFile(here('file'), 'utf8'), 'x');
          assert.deepEqual(
            set.leftOut?.map(({ kind, entries }) => [kind, entries]),
            [['TooLong', 1]],
          );
        },
      ),
  },
  {
    id: 'W26',
    title: '20,000 small files of which a tenth was read are not nearly done',
    needs: 'nothing',
    run: () => {
      const told: number[] = [];
      const counters = () => ({ bytesDone: 7_900_000, entriesDone: 2000, uploadedBytes: 0 });
      const teller = new ProgressTeller(
        ({ percent }) => void told.push(percent),
        () => ({ bytes: 8_000_000, entries: 20_000 }),
        counters,
      );
      teller.begin('ReadingFiles');
      teller.end();
      assert.ok((told[0] ?? 100) < 15, `told ${told.join(', ')} %`);
    },
  },
  {
    id: 'W30',
    title: 'an archive of several frames is read whole; a sparse file of any dialect is refused',
    needs: 'nothing',
    run: async () => {
      const tar = await archiveOf('welcome.wav');
      assert.equal((await readArchive(tar, [100, 513])).files, 1);
      await assert.rejects(
        readArchive(await archiveOf('GNUSparseFile.1/a', { 'GNU.sparse.major': '1' }), []),
        /sparse/,
      );
      await assert.rejects(readArchive(Buffer.alloc(10_240), []), /it is empty/);
    },
  },
];
