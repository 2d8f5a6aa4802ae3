/**
 * A real Prometheus and a real Alertmanager with the files of deploy/monitoring. Only what takes minutes is
 * shortened: how long something has to be so, and how long messages are gathered. `alert-cases.ts` has the
 * real times.
 */
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { repositoryDirectory } from '../../../kit/paths.ts';
import { startMonitoring } from '../../../sandbox/monitoring.ts';
import type { Docker } from '../../../kit/docker.ts';
import { freePort } from '../azurite.ts';
import { waitFor } from '../wait.ts';
import { startReceivers, type Receivers } from './receivers.ts';

const folder = join(repositoryDirectory, 'deploy/monitoring');

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
}

/** What a ticket system receives about an alert. */
export interface Ticket {
  readonly status: string;
  readonly alerts: readonly { readonly annotations: Readonly<Record<string, string>> }[];
  readonly groupLabels: Readonly<Record<string, string>>;
}

export interface PrometheusOptions {
  readonly sandbox: { readonly name: string; readonly docker: Docker };
  /** Distinguishes several of one sandbox. */
  readonly name: string;
  /** Where operators of this machine answer. */
  readonly ports: readonly number[];
  /** For how many seconds something has to be so that has to be so for that many in deploy/monitoring. */
  readonly forSeconds: (seconds: number) => number;
}

export class Prometheus {
  readonly receivers: Receivers;
  readonly #url: string;
  readonly #directory: string;
  readonly #end: () => Promise<void>;

  private constructor(receivers: Receivers, url: string, directory: string, end: () => Promise<void>) {
    this.receivers = receivers;
    this.#url = url;
    this.#directory = directory;
    this.#end = end;
  }

  static async start({ sandbox, name, ports, forSeconds }: PrometheusOptions): Promise<Prometheus> {
    const receivers = await startReceivers();
    const directory = await mkdtemp(join(tmpdir(), 'jtel-monitoring-'));
    await chmod(directory, 0o755);
    const [prometheusPort, alertmanagerPort] = [await freePort(), await freePort()];
    await writeFile(join(directory, 'prometheus.yml'), stringify(prometheusConfiguration(alertmanagerPort)));
    await writeTargets(directory, ports);
    await writeFile(join(directory, 'alerts.yaml'), await quickRules(forSeconds));
    await writeFile(join(directory, 'alertmanager.yml'), await quickRouting(receivers.mailPort));
    await copyFile(join(folder, 'jtel.tmpl'), join(directory, 'jtel.tmpl'));
    await mkdir(join(directory, 'secrets'));
    for (const what of ['teams', 'webhook', 'dead-mans-switch']) {
      await writeFile(
        join(directory, `secrets/${what}-url`),
        `http://127.0.0.1:${receivers.webPort}/${what}`,
      );
    }
    const stop = await startMonitoring({ sandbox, name, directory, prometheusPort, alertmanagerPort });
    return new Prometheus(receivers, `http://127.0.0.1:${prometheusPort}`, directory, async () => {
      await stop();
      await receivers[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    });
  }

  /** The alerts that there are now: the name of one that fires, and `pending NAME` of one that is about to. */
  async alerts(): Promise<readonly string[]> {
    return (await this.query('ALERTS'))
      .map(({ metric: { alertname = '', alertstate } }) =>
        alertstate === 'firing' ? alertname : `${alertstate} ${alertname}`,
      )
      .toSorted();
  }

  /**
   * The same, as soon as exactly the named alerts fire and none is about to. After that time: whatever there
   * is then.
   */
  async settled(names: readonly string[], timeoutSeconds: number): Promise<readonly string[]> {
    const expected = JSON.stringify(names.toSorted());
    await waitFor(expected, async () => JSON.stringify(await this.alerts()) === expected, {
      timeoutSeconds,
      intervalMilliseconds: 500,
    }).catch(() => undefined);
    return this.alerts();
  }

  /** What the ticket system received for an alert. */
  tickets(alertname: string): readonly Ticket[] {
    return this.receivers.posted
      .filter(({ path }) => path === '/webhook')
      .map(({ body }) => JSON.parse(body) as Ticket)
      .filter(({ groupLabels }) => groupLabels['alertname'] === alertname);
  }

  /** Scrapes these from now on, and no others. An operator that starts again has another port. */
  scrape(ports: readonly number[]): Promise<void> {
    return writeTargets(this.#directory, ports);
  }

  /** What a query gives now. A failure says why. */
  async query(query: string): Promise<readonly Sample[]> {
    const response = await fetch(`${this.#url}/api/v1/query?${new URLSearchParams({ query }).toString()}`);
    const answer = (await response.json()) as { error?: string; data?: { result: readonly Sample[] } };
    if (answer.data === undefined) throw new Error(`${query}: ${answer.error ?? response.statusText}`);
    return answer.data.result;
  }

  close(): Promise<void> {
    return this.#end();
  }
}

const targetsFile = 'targets.json';

async function writeTargets(directory: string, ports: readonly number[]): Promise<void> {
  const targets = ports.map((port) => `127.0.0.1:${port}`);
  // Renamed into place, because Prometheus may be reading it.
  await writeFile(join(directory, 'targets.next'), JSON.stringify([{ targets }]));
  await rename(join(directory, 'targets.next'), join(directory, targetsFile));
}

function prometheusConfiguration(alertmanagerPort: number): object {
  const files = [`/etc/alertmanager/${targetsFile}`];
  return {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ['/etc/alertmanager/alerts.yaml'],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${alertmanagerPort}`] }] }] },
    scrape_configs: [
      {
        job_name: 'jtel-operator',
        honor_labels: true,
        file_sd_configs: [{ files, refresh_interval: '1s' }],
      },
    ],
  };
}

interface Rules {
  readonly groups: readonly { readonly rules: Record<string, unknown>[] }[];
}

async function quickRules(forSeconds: PrometheusOptions['forSeconds']): Promise<string> {
  const rules = parse(await readFile(join(folder, 'alerts.yaml'), 'utf8'), { merge: true }) as Rules;
  for (const rule of rules.groups.flatMap((group) => group.rules)) {
    if ('for' in rule)
      rule['for'] = `${Math.round(forSeconds(durationSeconds(String(rule['for']))) * 1000)}ms`;
    delete rule['keep_firing_for'];
  }
  return stringify(rules, { aliasDuplicateObjects: false });
}

/** Of a duration as the rules have them. */
export function durationSeconds(duration: string): number {
  const [, count = '', unit] = /^(\d+)([mh])$/.exec(duration) ?? [];
  if (unit === undefined) throw new Error(`not understood: ${duration}`);
  return Number(count) * (unit === 'h' ? 3600 : 60);
}

interface Routing {
  readonly global: Record<string, unknown>;
  readonly route: Route;
}

interface Route {
  group_wait?: string;
  group_interval?: string;
  repeat_interval?: string;
  readonly receiver: string;
  readonly routes?: readonly Route[];
}

async function quickRouting(mailPort: number): Promise<string> {
  const routing = parse(await readFile(join(folder, 'alertmanager.yaml'), 'utf8')) as Routing;
  // Without log-in and TLS, because the receiver is on this machine.
  delete routing.global['smtp_auth_username'];
  delete routing.global['smtp_auth_password_file'];
  Object.assign(routing.global, { smtp_smarthost: `127.0.0.1:${mailPort}`, smtp_require_tls: false });
  for (const route of [routing.route, ...(routing.route.routes ?? [])]) {
    route.group_wait = '1s';
    route.group_interval = '1s';
    if (route.receiver === 'dead-mans-switch') route.repeat_interval = '2s';
  }
  return stringify(routing);
}
