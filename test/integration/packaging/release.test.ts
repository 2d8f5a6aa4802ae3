/**
 * A release without images, built twice, signed with a key made here, and checked with the commands of
 * docs/releases.md.
 */
import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { baseImage } from '../../../kit/base-image.ts';
import { ensureDocker } from '../../../kit/docker-daemon.ts';
import { repositoryDirectory } from '../../../kit/paths.ts';
import { lineProgress } from '../../../kit/progress.ts';
import { run } from '../../../kit/process.ts';
import { crdFiles } from '../../../crds/crd.ts';
import { digestsOf, sums } from '../../../packaging/release/checksums.ts';
import { debianCycloneDX, debianPackages, debianSPDX } from '../../../packaging/release/debian.ts';
import { sign } from '../../../packaging/release/signing.ts';
import { ensureReleaseTools, type ReleaseTools } from '../../../packaging/release/tools.ts';
import { shortForm } from '../../campaigns/campaign.ts';
import { sbomSchemas } from '../../support/sbom/schemas.ts';
import { released, releaseCampaign, version } from '../../campaigns/release/campaign.ts';

const password = 'correct horse battery staple';
let tools: ReleaseTools;
/** Each holds a pair of keys. */
let [keys, otherKeys] = ['', ''];
let signed = '';

async function makeKeys(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'keys-'));
  await tools.run(directory, ['cosign', 'generate-key-pair'], password);
  return directory;
}

beforeAll(async () => {
  const progress = lineProgress();
  tools = await ensureReleaseTools(await ensureDocker(progress), progress);
  [keys, otherKeys] = [await makeKeys(), await makeKeys()];
  signed = await mkdtemp(join(tmpdir(), 'signed-'));
});
afterAll(async () => {
  for (const directory of [keys, otherKeys, signed]) await rm(directory, { recursive: true, force: true });
});

await shortForm(releaseCampaign);

test('everything bears the version, and is named by the provenance', async () => {
  const names = (await digestsOf(released)).map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining([
      'LICENSE',
      'THIRD-PARTY-NOTICES.txt',
      `jtel-operator-${version}.tgz`,
      `jtel-operator-chart-${version}.tgz`,
      `jtel-operator-manifests-${version}.tgz`,
      'sbom-npm.cdx.json',
      'sbom-npm.spdx.json',
    ]),
  );
  const unpacked = (file: string, path: string): Promise<string> =>
    run(['tar', '-xzOf', join(released, file), path]);
  expect(await unpacked(`jtel-operator-chart-${version}.tgz`, 'jtel-operator/Chart.yaml')).toMatch(
    new RegExp(`appVersion: ${version}\n[^]*^version: ${version}$`, 'm'),
  );
  expect(await unpacked(`jtel-operator-${version}.tgz`, 'package/package.json')).toContain(
    `"version": "${version}"`,
  );
  const operator = `jtel-operator-${version}/deploy/operator.yaml`;
  expect(await unpacked(`jtel-operator-manifests-${version}.tgz`, operator)).toContain(
    `app.kubernetes.io/version: "${version}"`,
  );
  const label = `app.kubernetes.io/version: ${version}\n`;
  for (const crd of crdFiles) {
    const manifest = `jtel-operator-${version}/crds/${crd}`;
    expect(await unpacked(`jtel-operator-manifests-${version}.tgz`, manifest)).toContain(label);
    const ofChart = `jtel-operator/files/crds/${crd}`;
    expect(await unpacked(`jtel-operator-chart-${version}.tgz`, ofChart)).toContain(label);
  }
  const { subject } = JSON.parse(await readFile(join(released, 'provenance.intoto.json'), 'utf8')) as {
    subject: { name: string }[];
  };
  expect(subject.map(({ name }) => name)).toEqual(
    names.filter((name) => name !== 'SHA256SUMS' && name !== 'provenance.intoto.json'),
  );
});

test('the bill of materials has what runs in production, and nothing that only builds', async () => {
  const text = await readFile(join(released, 'sbom-npm.cdx.json'), 'utf8');
  expect(text).toContain('pkg:npm/ssh2@');
  expect(text).not.toContain('pkg:npm/vitest@');
});

test('the schemas find faults', async () => {
  const schemas = await sbomSchemas();
  const image = { name: 'toolbox', version, digest: `sha256:${'a'.repeat(64)}` };
  const packages = await debianPackages(await ensureDocker(lineProgress()), baseImage);
  for (const make of [debianCycloneDX, debianSPDX]) {
    const text = make({ ...image, packages }, 0);
    expect(packages.length).toBeGreaterThan(50);
    expect(schemas.errors(text)).toBeNull();
    expect(schemas.errors(text.replace('"name"', '"nome"'))).not.toBeNull();
  }
});

/** The block of the page that is marked for this. */
async function commandsOfPage(): Promise<string> {
  const page = await readFile(join(repositoryDirectory, 'docs/releases.md'), 'utf8');
  const commands = /<!-- run: verify -->\n```\n([^`]+)```/.exec(page)?.[1];
  if (commands === undefined) throw new Error('docs/releases.md has no block to verify a release with');
  return commands;
}

/** Runs them on a copy. @param change of the copy */
async function verify(trusted: string, change?: (directory: string) => Promise<void>): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'fetched-'));
  try {
    await cp(signed, copy, { recursive: true });
    await cp(join(trusted, 'cosign.pub'), join(copy, 'jtel.pub'));
    await change?.(copy);
    return await tools.run(copy, ['sh', '-euc', await commandsOfPage()]);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

const flip = (name: string) => async (directory: string) => {
  const path = join(directory, name);
  const bytes = await readFile(path);
  const middle = Math.floor(bytes.length / 2);
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
  await writeFile(path, bytes);
};

describe('the commands of the page', () => {
  beforeAll(async () => {
    await cp(released, signed, { recursive: true });
    await writeFile(join(signed, 'IMAGES'), `toolbox:${version}@sha256:${'a'.repeat(64)}\n`);
    await rm(join(signed, 'SHA256SUMS'));
    await writeFile(join(signed, 'SHA256SUMS'), sums(await digestsOf(signed)));
    const key = join(keys, 'cosign.key');
    await sign(tools, signed, ['SHA256SUMS', 'IMAGES'], { key, password });
  });

  test('accept what was signed', async () => {
    await expect(verify(keys)).resolves.toBeDefined();
  });

  test.for(['SHA256SUMS.sig', 'IMAGES.sig', 'cosign.pub'])('find %s readable for everybody', async (name) => {
    expect((await stat(join(signed, name))).mode & 0o777).toBe(0o644);
  });

  test.for([
    `jtel-operator-${version}.tgz`,
    `jtel-operator-chart-${version}.tgz`,
    'provenance.intoto.json',
    'SHA256SUMS',
    'IMAGES',
    'VERSION',
  ])('refuse a changed byte of %s', async (name) => {
    await expect(verify(keys, flip(name))).rejects.toThrow(/invalid signature|did NOT match|does NOT match/);
  });

  test('refuse what somebody else signed', async () => {
    await expect(verify(otherKeys)).rejects.toThrow('invalid signature');
  });
});
