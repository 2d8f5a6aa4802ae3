/**
 * A real Prometheus and a real Alertmanager with the files of deploy/monitoring. Only what takes minutes is
 * shortened: how long something has to be so, and how long messages are gathered. `alert-cases.ts` has the
 * real times.
 */
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { repositoryDirectory } from '../../../kit/paths.ts';
import { startMonitoring } from '../../../sandbox/monitoring.ts';
import type { Docker } from '../../../kit/docker.ts';
import { freePort } from '../../support/azurite.ts';
import { startReceivers, type Receivers } from './receivers.ts';

const folder = join(repositoryDirectory, 'deploy/monitoring');

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
}

export class Prometheus {
  readonly receivers: Receivers;
  readonly #url: string;
  readonly #end: () => Promise<void>;

  private constructor(receivers: Receivers, url: string, end: () => Promise<void>) {
    this.receivers = receivers;
    this.#url = url;
    this.#end = end;
  }

  /** @param ports where operators of this machine answer */
  static async start(
    sandbox: { readonly name: string; readonly docker: Docker },
    name: string,
    ports: readonly number[],
  ): Promise<Prometheus> {
    const receivers = await startReceivers();
    const directory = await mkdtemp(join(tmpdir(), 'jtel-monitoring-'));
    await chmod(directory, 0o755);
    const [prometheusPort, alertmanagerPort] = [await freePort(), await freePort()];
    await writeFile(
      join(directory, 'prometheus.yml'),
      stringify(prometheusConfiguration(ports, alertmanagerPort)),
    );
    await writeFile(join(directory, 'alerts.yaml'), await quickRules());
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
    return new Prometheus(receivers, `http://127.0.0.1:${prometheusPort}`, async () => {
      await stop();
      await receivers[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    });
  }

  /** Names of the alerts that fire now. */
  async firing(): Promise<readonly string[]> {
    return (await this.query('ALERTS{alertstate="firing"}'))
      .map(({ metric }) => metric['alertname'] ?? '')
      .toSorted();
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

function prometheusConfiguration(ports: readonly number[], alertmanagerPort: number): object {
  const targets = ports.map((port) => `127.0.0.1:${port}`);
  return {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ['/etc/alertmanager/alerts.yaml'],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${alertmanagerPort}`] }] }] },
    scrape_configs: [{ job_name: 'jtel-operator', honor_labels: true, static_configs: [{ targets }] }],
  };
}

interface Rules {
  readonly groups: readonly { readonly rules: Record<string, unknown>[] }[];
}

async function quickRules(): Promise<string> {
  const rules = parse(await readFile(join(folder, 'alerts.yaml'), 'utf8'), { merge: true }) as Rules;
  for (const rule of rules.groups.flatMap((group) => group.rules)) {
    if ('for' in rule) rule['for'] = '3s';
    delete rule['keep_firing_for'];
  }
  return stringify(rules, { aliasDuplicateObjects: false });
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
