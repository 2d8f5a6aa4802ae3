/**
 * Asks what other projects make of manifests and objects: Kubernetes of other versions, kstatus, Argo CD
 * (test/judges).
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryDirectory } from '../../kit/paths.ts';
import { run } from '../../kit/process.ts';
import { lineProgress } from '../../kit/progress.ts';
import { ensureGoProgram } from '../../sandbox/kubernetes/go-cache.ts';

/** A program of `test/judges`, and the file that names the modules it is compiled against. */
interface Judge {
  readonly name: 'rules' | 'health';
  readonly modFile: string;
}

/** An API server's objections to a manifest. */
export interface RulesAnswer {
  readonly kind: string;
  readonly name: string;
  readonly errors: readonly string[];
}

const newestRules: Judge = { name: 'rules', modFile: 'go.mod' };
/** The validators of the oldest Kubernetes that the product is for. */
const oldestRules: Judge = { name: 'rules', modFile: 'minimum.mod' };

const health: Judge = { name: 'health', modFile: 'go.mod' };

/**
 * Builds what {@link judgeRules} asks, unless the cache has it. That takes two minutes on a fresh machine.
 */
export async function prepareRules(): Promise<void> {
  await ensureJudge(newestRules);
  await ensureJudge(oldestRules);
}

/** The minor version, such as `34`, of the validators of {@link oldestRules}, and of the newest ones. */
export async function minorsOfRules(): Promise<{ readonly oldest: number; readonly newest: number }> {
  const minor = async (judge: Judge): Promise<number> =>
    Number((await kubernetesVersion(judge)).split('.')[1]);
  return { oldest: await minor(oldestRules), newest: await minor(newestRules) };
}

/**
 * What an API server of Kubernetes 1.`minor` says about new CRDs and admission policies, one by one. Between
 * the oldest and the newest, the newest validators are used, and told to know only what that version knew.
 */
export async function judgeRules(minor: number, manifests: readonly object[]): Promise<RulesAnswer[]> {
  const { oldest } = await minorsOfRules();
  return await ask(minor <= oldest ? oldestRules : newestRules, [`1.${minor}`], manifests);
}

export interface Verdict {
  readonly status: string;
  readonly message: string;
}

/** How kstatus judges an object, and how Argo CD does with the script for its kind. */
export interface HealthAnswer {
  readonly kstatus: Verdict;
  readonly argo: Verdict;
}

export async function prepareHealth(): Promise<void> {
  await ensureJudge(health);
}

export async function judgeHealth(
  asked: readonly { readonly script: string; readonly object: object }[],
): Promise<HealthAnswer[]> {
  return await ask(health, [], asked);
}

async function ask<Answer>(
  judge: Judge,
  argv: readonly string[],
  objects: readonly object[],
): Promise<Answer[]> {
  const input = objects.map((object) => `${JSON.stringify(object)}\n`).join('');
  const output = await run([await ensureJudge(judge), ...argv], { input, timeoutSeconds: 60 });
  const answers = output.split('\n').filter(Boolean);
  return answers.map((line) => JSON.parse(line) as Answer);
}

function sourcesOf({ name }: Judge): string {
  return join(repositoryDirectory, 'test/judges', name);
}

async function ensureJudge(judge: Judge): Promise<string> {
  const { name, modFile } = judge;
  const version = await kubernetesVersion(judge);
  return await ensureGoProgram(
    {
      module: sourcesOf(judge),
      path: '.',
      modFile,
      kubernetesVersion: version,
      kept: `judges/${await digestOf(judge)}/${name}`,
      title: `judge ${name}, of Kubernetes ${version}`,
    },
    lineProgress(),
  );
}

/** Writes it as the version of its API machinery, which has 0 where Kubernetes has 1. */
async function kubernetesVersion(judge: Judge): Promise<string> {
  const text = await readFile(join(sourcesOf(judge), judge.modFile), 'utf8');
  const version = /^\s*k8s\.io\/apimachinery v0\.(\S+)$/m.exec(text)?.[1];
  if (version === undefined) throw new Error(`${judge.modFile} of ${judge.name} does not pin Kubernetes`);
  return `v1.${version}`;
}

async function digestOf(judge: Judge): Promise<string> {
  const digest = createHash('sha256').update(`${judge.modFile}\0`);
  const directory = sourcesOf(judge);
  for (const name of (await readdir(directory)).toSorted())
    digest
      .update(name)
      .update('\0')
      .update(await readFile(join(directory, name)));
  return digest.digest('hex').slice(0, 16);
}
