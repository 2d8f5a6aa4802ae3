/**
 * A release is built twice from one commit, in two folders, and every file has to be the same. The long form
 * builds everything, the short one what takes no minutes.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeImage } from '../../../kit/base-image.ts';
import { ensureDocker } from '../../../kit/docker-daemon.ts';
import { lineProgress } from '../../../kit/progress.ts';
import { digestsOf } from '../../../packaging/release/checksums.ts';
import { makeRelease } from '../../../packaging/release/make.ts';
import { commitOfHead, epochOf } from '../../../packaging/release/staging.ts';
import type { Campaign, CampaignForm } from '../campaign.ts';

export const version = '99.0.0';
/** Of the first build; removed with the campaign. */
export let released = '';
const made: string[] = [];

async function build(form: CampaignForm): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'released-'));
  made.push(directory);
  const commit = await commitOfHead();
  const progress = lineProgress();
  const builder = 'https://builder.example/1';
  const release = { version, commit, epoch: await epochOf(commit), directory, builder };
  const images = form === 'long' ? { docker: await ensureDocker(progress), base: nodeImage } : undefined;
  await makeRelease(images === undefined ? release : { ...release, images }, progress);
  return directory;
}

export const releaseCampaign: Campaign = {
  title: 'a release, built twice',

  async cases(form) {
    released = await build(form);
    const first = await digestsOf(released);
    const second = await digestsOf(await build(form));
    return [
      {
        name: 'both have the same files',
        run: () =>
          assert.deepEqual(
            second.map(({ name }) => name),
            first.map(({ name }) => name),
          ),
      },
      ...first.map(({ name, sha256 }) => ({
        name: `${name} has the same bytes`,
        run: () => assert.equal(second.find((each) => each.name === name)?.sha256, sha256),
      })),
    ];
  },

  async close() {
    for (const directory of made) await rm(directory, { recursive: true, force: true });
  },
};
