/** What a test run consists of, in order. A new check or suite is one entry here. */

interface StepBase {
  readonly name: string;
  readonly title: string;
  readonly timeLimitSeconds: number;
}

/**
 * A command that counts as one test. It passes when it ends with 0. Its output is shown only when it fails.
 */
export interface Check extends StepBase {
  readonly kind: 'check';
  readonly argv: readonly string[];
}

/** A vitest project; each of its tests counts. */
export interface Suite extends StepBase {
  readonly kind: 'suite';
  readonly project: 'unit' | 'stories' | 'integration' | 'e2e' | 'rights';
  readonly needs: 'nothing' | 'sandbox';
}

export type Step = Check | Suite;

const steps: readonly Step[] = [
  {
    kind: 'check',
    name: 'generated-crds',
    title: 'what follows from the CRDs is fresh',
    argv: ['node', 'crds/generate.ts', '--check'],
    timeLimitSeconds: 60,
  },
  {
    kind: 'check',
    name: 'generated-release',
    title: 'what follows from the release schema is fresh',
    argv: ['node', 'release/generate.ts', '--check'],
    timeLimitSeconds: 60,
  },
  {
    kind: 'check',
    name: 'generated-monitoring',
    title: 'what follows from the metrics is fresh',
    argv: ['node', 'monitoring/generate.ts', '--check'],
    timeLimitSeconds: 60,
  },
  {
    kind: 'check',
    name: 'generated-commands',
    title: 'the pages of the commands are what the commands say',
    argv: ['node', 'scripts/command-docs.ts', '--check'],
    timeLimitSeconds: 60,
  },
  {
    kind: 'check',
    name: 'generated-manifests',
    title: 'the manifests in deploy/ are those of the chart',
    argv: ['node', 'scripts/manifests.ts', '--check'],
    timeLimitSeconds: 60,
  },
  {
    kind: 'check',
    name: 'lockfile',
    title: 'npm ci will accept package-lock.json',
    argv: ['node', 'scripts/complete-lockfile.ts', '--check'],
    timeLimitSeconds: 60,
  },
  {
    kind: 'check',
    name: 'format',
    title: 'oxfmt: formatted (make format)',
    argv: ['oxfmt', '--check', '.'],
    timeLimitSeconds: 60,
  },
  {
    kind: 'check',
    name: 'lint',
    title: 'oxlint',
    argv: ['oxlint', '--deny-warnings'],
    timeLimitSeconds: 120,
  },
  { kind: 'check', name: 'unused', title: 'knip: nothing unused', argv: ['knip'], timeLimitSeconds: 120 },
  { kind: 'check', name: 'types', title: 'tsc', argv: ['tsc', '--noEmit', '-p', '.'], timeLimitSeconds: 300 },
  {
    kind: 'check',
    name: 'types-page',
    title: 'tsc of the page, with what a browser has',
    argv: ['tsc', '--noEmit', '-p', 'web/page/client'],
    timeLimitSeconds: 60,
  },
  {
    kind: 'check',
    name: 'docs',
    title: 'the documentation builds, without dead links (make docs)',
    argv: ['vitepress', 'build', 'docs'],
    timeLimitSeconds: 300,
  },
  {
    kind: 'suite',
    name: 'unit',
    title: 'unit tests',
    project: 'unit',
    needs: 'nothing',
    timeLimitSeconds: 600,
  },
  {
    kind: 'suite',
    name: 'stories',
    title: 'stories',
    project: 'stories',
    needs: 'nothing',
    timeLimitSeconds: 1800,
  },
  {
    kind: 'suite',
    name: 'integration',
    title: 'integration tests',
    project: 'integration',
    needs: 'sandbox',
    timeLimitSeconds: 5400,
  },
  {
    kind: 'suite',
    name: 'e2e',
    title: 'end-to-end tests',
    project: 'e2e',
    needs: 'sandbox',
    timeLimitSeconds: 5400,
  },
  {
    kind: 'suite',
    name: 'rights-of-e2e',
    title: 'rights that end-to-end tests used',
    project: 'rights',
    needs: 'sandbox',
    timeLimitSeconds: 180,
  },
];

/** `checks` stands for everything that is no suite. */
export const selectors = ['checks', ...steps.map((step) => step.name)];

/**
 * The steps that `--only` names, in their own order; all steps when it names none.
 * @throws Error that lists the names that exist.
 */
export function selectSteps(only: readonly string[], all: readonly Step[] = steps): readonly Step[] {
  const unknown = only.find((name) => name !== 'checks' && !all.some((step) => step.name === name));
  if (unknown !== undefined)
    throw new Error(`there is no step "${unknown}"; use: checks, ${all.map((step) => step.name).join(', ')}`);
  if (only.length === 0) return all;
  return all.filter((step) => only.includes(step.name) || (step.kind === 'check' && only.includes('checks')));
}
