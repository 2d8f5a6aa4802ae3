/**
 * Makes what follows from the chart and into it, so that nothing is written twice:
 *   charts/jtel-operator/files/   CRDs, alert rules and dashboards, copied: a chart holds nothing from outside its folder
 *   deploy/                       plain manifests, rendered by Helm with deploy/values.yaml
 * `node scripts/manifests.ts` writes them, with `--files` only the first, which needs no Helm. With `--check` it writes
 * nothing and exits with 1 when something is stale. That needs no Helm either: deploy/rendered.json says from which chart the
 * manifests were rendered. test/integration/deploy/chart.test.ts renders them again and compares.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crdFiles } from '../crds/crd.ts';
import { repositoryDirectory } from '../kit/paths.ts';
import { lineProgress } from '../kit/progress.ts';
import { ensureHelm, type Helm } from '../sandbox/helm/helm.ts';

/** From the repository's root, as all paths here. */
export const chart = 'charts/jtel-operator';
const values = 'deploy/values.yaml';
const record = 'deploy/rendered.json';
const header = '# Made from charts/jtel-operator by `make manifests`; edit it there.\n';

/** Path → content. */
type Files = ReadonlyMap<string, string>;

function at(path: string): string {
  return join(repositoryDirectory, path);
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(at(folder), { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(repositoryDirectory.length + 1))
    .toSorted();
}

/** What the chart's `files/` should hold. */
async function chartFiles(): Promise<Files> {
  const monitoring = (await filesIn('deploy/monitoring')).filter((path) =>
    /^deploy\/monitoring\/(alerts\.yaml|dashboards\/[^/]+\.json)$/.test(path),
  );
  const sources: readonly (readonly [string, string])[] = [
    ...crdFiles.map((file) => [`crds/${file}`, `files/crds/${file}`] as const),
    ...monitoring.map((path) => [path, path.replace('deploy/', 'files/')] as const),
  ];
  const contents = await Promise.all(sources.map(([from]) => readFile(at(from), 'utf8')));
  return new Map(sources.map(([, to], index) => [`${chart}/${to}`, contents[index] ?? '']));
}

/** The manifests in `deploy/`, by the template that they come from. The namespace and its policy are written there by hand. */
export async function renderManifests(helm: Helm): Promise<Files> {
  const wide = await render(helm, [
    '--set',
    'scope=Cluster',
    '--show-only',
    'templates/cluster-wide/access.yaml',
  ]);
  return new Map([...(await render(helm)), ...wide]);
}

async function render(helm: Helm, more: readonly string[] = []): Promise<Files> {
  const rendered = await helm([
    'template',
    'jtel-operator',
    at(chart),
    '--namespace',
    'jtel-system',
    '--values',
    at(values),
    '--skip-tests',
    ...more,
  ]);
  const manifests = new Map<string, string>();
  for (const document of rendered.split(/^---\n(?=# Source: )/m).slice(1)) {
    const [, template, text] = /^# Source: [^/]+\/templates\/(.+)\n([\s\S]*)$/.exec(document) ?? [];
    if (template === undefined || text === undefined)
      throw new Error(`Helm rendered something without its source: ${document.slice(0, 200)}`);
    const path = `deploy/${template}`;
    const before = manifests.get(path);
    manifests.set(path, `${before === undefined ? header : `${before}---\n`}${text.trim()}\n`);
  }
  return manifests;
}

/** Of what was rendered, and what it was rendered from. The chart's `files/` are no part of it. */
async function digest(manifests: readonly string[]): Promise<string> {
  const inputs = (await filesIn(chart)).filter((path) => !path.startsWith(`${chart}/files/`));
  const hash = createHash('sha256');
  for (const path of [...inputs, values, ...manifests])
    hash.update(`${path}\0${await readFile(at(path), 'utf8').catch(() => 'missing')}\0`);
  return hash.digest('hex');
}

async function staleFiles(): Promise<string[]> {
  const wanted = await chartFiles();
  const stale = (await filesIn(`${chart}/files`)).filter((path) => !wanted.has(path));
  for (const [path, content] of wanted)
    if ((await readFile(at(path), 'utf8').catch(() => '')) !== content) stale.push(path);
  const { manifests, sha256 } = JSON.parse(await readFile(at(record), 'utf8')) as {
    manifests: string[];
    sha256: string;
  };
  return (await digest(manifests)) === sha256 ? stale : [...stale, 'deploy/'];
}

async function write(files: Files): Promise<void> {
  for (const [path, content] of files) {
    await mkdir(dirname(at(path)), { recursive: true });
    await writeFile(at(path), content);
  }
}

async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes('--check')) {
    const stale = await staleFiles();
    if (stale.length > 0)
      console.error(`stale: ${stale.join(', ')}; run \`make manifests\` and commit the result`);
    return stale.length === 0 ? 0 : 1;
  }
  await rm(at(`${chart}/files`), { recursive: true, force: true });
  await write(await chartFiles());
  if (argv.includes('--files')) return 0;
  const rendered = await renderManifests(await ensureHelm(lineProgress()));
  await write(rendered);
  const manifests = [...rendered.keys()].toSorted();
  await writeFile(at(record), `${JSON.stringify({ manifests, sha256: await digest(manifests) }, null, 2)}\n`);
  return 0;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
