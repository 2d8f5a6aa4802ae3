/**
 * deploy/monitoring/alerts.yaml as promtool sees it: each alert comes when it should, and no other does.
 */
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { optional } from '../../../base/optional.ts';
import { ensureDocker } from '../../../kit/docker-daemon.ts';
import { ensureBaseImage } from '../../../kit/base-image.ts';
import type { Docker } from '../../../kit/docker.ts';
import { repositoryDirectory } from '../../../kit/paths.ts';
import type { RunResult } from '../../../kit/process.ts';
import { lineProgress } from '../../../kit/progress.ts';
import { buildMonitoring, monitoringImage } from '../../../sandbox/monitoring.ts';
import { metricFamilies } from '../../../monitoring/metrics-page.ts';
import { durationSeconds } from '../../support/monitoring/prometheus.ts';
import { dashboardQueries } from './dashboard-queries.ts';
import type { AlertCase } from './alert-case.ts';
import { cases, seriesOf } from './alert-cases.ts';

interface Rule {
  readonly alert: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<string, string>>;
}

const folder = join(repositoryDirectory, 'deploy/monitoring');
const runbooks = join(repositoryDirectory, 'docs/runbooks');
let docker: Docker;
let directory: string;
let rules: readonly Rule[];

beforeAll(async () => {
  docker = await ensureDocker(lineProgress());
  await ensureBaseImage(docker, lineProgress());
  await buildMonitoring(docker);
  directory = await mkdtemp(join(tmpdir(), 'jtel-rules-'));
  const text = await readFile(join(folder, 'alerts.yaml'), 'utf8');
  const { groups } = parse(text, { merge: true }) as { groups: { rules: Rule[] }[] };
  rules = groups.flatMap((group) => group.rules);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function promtool(...args: readonly string[]): Promise<RunResult> {
  const mounts = [`${folder}:/monitoring:ro`, `${directory}:/tests:ro`].flatMap((mount) => ['-v', mount]);
  return docker.tryRun([
    'run',
    '--rm',
    '--network',
    'none',
    ...mounts,
    '--entrypoint',
    'promtool',
    monitoringImage,
    ...args,
  ]);
}

function alertOf(name: string): Rule {
  const rule = rules.find(({ alert }) => alert === name);
  if (rule === undefined) throw new Error(`there is no alert ${name}`);
  return rule;
}

/** Alerts that have to do with a store say with which. */
function ofStore(name: string): { readonly store?: string } {
  const stores: Readonly<Record<string, string>> = {
    JtelBackupMissed: 'blue',
    JtelBackupFailed: 'blue',
    JtelStoreUnavailable: 'acme',
  };
  return optional({ store: stores[name] });
}

/** Labels of the alerts that are about no stack and no store. */
const ofOthers: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  JtelChannelStopped: { name: 'stable' },
  JtelDrillFailing: { name: 'nightly' },
  JtelDrillBehind: { name: 'nightly' },
  JtelWatchdog: {},
  JtelOperatorDown: {},
  JtelOperatorNotLeading: { lease: 'a' },
  JtelOperatorErrors: { controller: 'stack' },
  JtelOperatorBehind: { controller: 'stack' },
  JtelQuarantined: { controller: 'stack' },
  JtelApiTrouble: {},
  JtelRightMissing: { verb: 'list', resource: 'jtelstacks.jtel.de' },
};

/** What an alert is about. */
function subjectOf(name: string): Readonly<Record<string, string>> {
  return ofOthers[name] ?? { namespace: 'customers', name: 'acme' };
}

/** As `ALERTS` shows a firing alert: with the labels of its subject. */
function firing(name: string): { readonly labels: string; readonly value: 1 } {
  const subject = Object.entries(subjectOf(name))
    .map(([label, value]) => `,${label}="${value}"`)
    .join('');
  const { severity } = alertOf(name).labels;
  const { store } = ofStore(name);
  return {
    labels: `ALERTS{alertname="${name}",alertstate="firing",severity="${severity}"${subject}${store === undefined ? '' : `,store="${store}"`}}`,
    value: 1,
  };
}

function unitTest(one: AlertCase): object {
  const always = one.operatorGone === undefined ? ['JtelWatchdog'] : [];
  const test = (minute: number, names: readonly string[]): object => ({
    // The type of work that takes long is a label of its own.
    expr: 'sum without (type) (ALERTS{alertstate="firing"})',
    eval_time: `${minute}m`,
    exp_samples: names.map((name) => {
      const { labels, value } = firing(name);
      return { labels: labels.replace('ALERTS', ''), value };
    }),
  });
  const begins = one.fires.flatMap((name) => {
    const minute = (one.from ?? 0) + durationSeconds(alertOf(name).for ?? '') / 60;
    return [test(minute - 1, always), test(minute, [...always, name])];
  });
  return {
    name: one.when,
    interval: '1m',
    input_series: seriesOf(one),
    promql_expr_test: [...begins, test(one.after, [...always, ...one.fires])],
  };
}

it('the routing and the templates of messages are valid', async () => {
  const amtool = ['run', '--rm', '--network', 'none', '-v', `${folder}:/etc/alertmanager:ro`];
  const check = [monitoringImage, 'amtool', 'check-config', '/etc/alertmanager/alertmanager.yaml'];
  const { code, stdout, stderr } = await docker.tryRun([...amtool, ...check]);
  expect(code, `${stdout}${stderr}`).toBe(0);
  expect(stdout).toContain('1 templates');
});

// Promtool goes through weeks, minute by minute.
describe('the alert rules', { timeout: 600_000 }, () => {
  it('are valid', async () => {
    const { code, stdout, stderr } = await promtool(
      'check',
      'rules',
      '--lint=all',
      '--lint-fatal',
      '/monitoring/alerts.yaml',
    );
    expect(code, `${stdout}${stderr}`).toBe(0);
    expect(stdout).toContain(`${rules.length} rules found`);
  });

  it('make exactly the alerts that they should, in every situation', async () => {
    const file = {
      rule_files: ['/monitoring/alerts.yaml'],
      evaluation_interval: '1m',
      tests: cases.map(unitTest),
    };
    await writeFile(join(directory, 'tests.yaml'), stringify(file, { lineWidth: 0 }));
    const { code, stdout, stderr } = await promtool('test', 'rules', '/tests/tests.yaml');
    expect(code, `${stdout}${stderr}`).toBe(0);
  });

  it('ask, as situations, dashboards and pages do, only for metrics that there are', async () => {
    const known = new Set(
      metricFamilies.flatMap(({ name, type }) =>
        type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => `${name}${end}`) : [name],
      ),
    );
    const pages = await Promise.all(
      ['docs/monitoring.md', ...rules.map(({ annotations }) => annotations['runbook'] ?? '')].map((path) =>
        readFile(join(repositoryDirectory, path), 'utf8'),
      ),
    );
    const asked = [
      await readFile(join(folder, 'alerts.yaml'), 'utf8'),
      ...cases.flatMap((one) => seriesOf(one).map(({ series }) => series)),
      ...(await dashboardQueries({ namespace: 'customers', stack: 'acme' })).map(({ expr }) => expr),
      ...pages,
    ].flatMap((text) => text.match(/\b(?:jtel|process)_[a-z]+_[a-z_]+/g) ?? []);
    expect(new Set(asked).size).toBeGreaterThan(40);
    expect([...new Set(asked)].filter((name) => !known.has(name))).toEqual([]);
  });

  it('have a situation each', () => {
    const fired = new Set(['JtelWatchdog', ...cases.flatMap(({ fires }) => fires)]);
    expect(rules.map(({ alert }) => alert).filter((name) => !fired.has(name))).toEqual([]);
  });

  it('have a page each that says what it means, where to look and what to do', async () => {
    expect((await readdir(runbooks)).toSorted()).toEqual(rules.map(({ alert }) => `${alert}.md`).toSorted());
    for (const { alert, labels, annotations } of rules) {
      const page = await readFile(join(runbooks, `${alert}.md`), 'utf8');
      expect(annotations['runbook']).toBe(`docs/runbooks/${alert}.md`);
      expect(page.split('\n')[0]).toBe(`# ${alert}`);
      expect(page).toContain(`Severity: ${labels.severity}.`);
      expect([...page.matchAll(/^## (.*)$/gm)].map(([, title]) => title)).toEqual([
        'Meaning',
        'First look',
        'What to do',
      ]);
    }
  });

  it('and their pages name only commands that there are', async () => {
    const reference = await readFile(join(repositoryDirectory, 'docs/kubectl-jtel.md'), 'utf8');
    const known = new Set(
      [...reference.matchAll(/^### kubectl jtel (.*)$/gm)].map(([, command]) => command ?? ''),
    );
    const pages = await Promise.all(
      rules.map(({ alert }) => readFile(join(runbooks, `${alert}.md`), 'utf8')),
    );
    const texts = [...pages, ...rules.flatMap(({ annotations }) => Object.values(annotations))];
    const named = texts.flatMap((text) =>
      [...text.matchAll(/kubectl jtel ([a-z]+(?: [a-z]+)?)/g)].map(([, command]) => command ?? ''),
    );
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((command) => !known.has(command))).toEqual([]);
  });

  it('say customer, what, since when and what to do', async () => {
    const needed = ['customer', 'summary', 'action', 'runbook'];
    const lacking = rules.filter(({ annotations }) => needed.some((name) => !annotations[name]));
    expect(lacking.map(({ alert }) => alert)).toEqual([]);
    const told = cases.flatMap((one) => {
      const [name = ''] = one.fires;
      if (one.says === undefined) return [];
      const { severity } = alertOf(name).labels;
      const { action, runbook, command } = alertOf(name).annotations;
      const written = {
        action,
        runbook,
        command: command
          ?.replace('{{ $labels.name }}', subjectOf(name)['name'] ?? '')
          .replace('{{ $labels.namespace }}', 'customers'),
      };
      return [
        {
          ...unitTest(one),
          promql_expr_test: [],
          alert_rule_test: [
            {
              alertname: name,
              eval_time: `${one.after}m`,
              exp_alerts: [
                {
                  exp_labels: { ...subjectOf(name), severity, ...ofStore(name) },
                  exp_annotations: { customer: 'customers/acme', ...one.says, ...written },
                },
              ],
            },
          ],
        },
      ];
    });
    const file = { rule_files: ['/monitoring/alerts.yaml'], evaluation_interval: '1m', tests: told };
    await writeFile(join(directory, 'annotations.yaml'), stringify(file, { lineWidth: 0 }));
    const { code, stdout, stderr } = await promtool('test', 'rules', '/tests/annotations.yaml');
    expect(code, `${stdout}${stderr}`).toBe(0);
  });
});
