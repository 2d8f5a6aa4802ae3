/**
 * A release is built twice from one commit, in two folders, and every file has to be the same. Bills of
 * materials have to be what their formats' schemas want, and those of images what syft finds. The long form
 * builds everything, the short one what takes no minutes.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeImage } from '../../../kit/base-image.ts';
import { ensureDocker } from '../../../kit/docker-daemon.ts';
import { lineProgress } from '../../../kit/progress.ts';
import { digestsOf } from '../../../packaging/release/checksums.ts';
import { makeRelease } from '../../../packaging/release/make.ts';
import { commitOfHead, epochOf } from '../../../packaging/release/staging.ts';
import { sbomSchemas } from '../../support/sbom/schemas.ts';
import { debianPackagesFoundBySyft } from '../../support/sbom/syft.ts';
import type { Campaign, CampaignCase, CampaignForm } from '../campaign.ts';

export const version = '99.0.0';
/** Of the first build; removed with the campaign. */
export let released = '';
const made: string[] = [];

async function build(form: CampaignForm, commit: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'released-'));
  made.push(directory);
  const progress = lineProgress();
  const builder = 'https://builder.example/1';
  const release = { version, commit, epoch: await epochOf(commit), directory, builder };
  const images = form === 'long' ? { docker: await ensureDocker(progress), base: nodeImage } : undefined;
  await makeRelease(images === undefined ? release : { ...release, images }, progress);
  return directory;
}

async function validity(names: readonly string[]): Promise<readonly CampaignCase[]> {
  const schemas = await sbomSchemas();
  return names
    .filter((name) => name.startsWith('sbom-'))
    .map((name) => ({
      name: `${name} is what the schema of its format wants`,
      run: async () => assert.deepEqual(schemas.errors(await readFile(join(released, name), 'utf8')), null),
    }));
}

interface Bill {
  readonly components: readonly { readonly name: string; readonly version: string; readonly purl: string }[];
}

/** Two ways to the same list: ours asks dpkg, syft reads the files that dpkg keeps. */
function sameAsSyft(names: readonly string[]): readonly CampaignCase[] {
  return names
    .filter((name) => name.endsWith('.tar'))
    .map((name) => ({
      name: `syft finds the Debian packages of ${name} that its bill of materials has`,
      limitSeconds: 1200,
      run: async () => {
        const image = name.slice(0, name.indexOf('-image-'));
        const bill = JSON.parse(
          await readFile(join(released, `sbom-${image}-image.cdx.json`), 'utf8'),
        ) as Bill;
        const ours = bill.components
          .map((one) => `${one.name} ${one.version} ${new URL(one.purl).searchParams.get('arch')}`)
          .toSorted();
        assert.notEqual(ours.length, 0);
        assert.deepEqual(await debianPackagesFoundBySyft(join(released, name)), ours);
      },
    }));
}

export const releaseCampaign: Campaign = {
  title: 'a release, built twice',

  async cases(form) {
    // The same for both, also if somebody commits meanwhile.
    const commit = await commitOfHead();
    released = await build(form, commit);
    const first = await digestsOf(released);
    const second = await digestsOf(await build(form, commit));
    const names = first.map(({ name }) => name);
    return [
      {
        name: 'both have the same files',
        run: () =>
          assert.deepEqual(
            second.map(({ name }) => name),
            names,
          ),
      },
      ...first.map(({ name, sha256 }) => ({
        name: `${name} has the same bytes`,
        run: () => assert.equal(second.find((each) => each.name === name)?.sha256, sha256),
      })),
      ...(await validity(names)),
      ...sameAsSyft(names),
    ];
  },

  async close() {
    for (const directory of made) await rm(directory, { recursive: true, force: true });
  },
};
