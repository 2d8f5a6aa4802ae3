/** Debian's Prometheus and Alertmanager: real ones that read what the operator gives, and the tools that check what they are given. */
import { join } from 'node:path';
import { sandboxLabels } from './context.ts';
import { baseImage } from '../kit/base-image.ts';
import type { Docker } from '../kit/docker.ts';
import { buildImage } from '../kit/image.ts';
import { sandboxDirectory } from '../kit/paths.ts';
import { poll } from '../kit/poll.ts';

export const monitoringImage = 'jtel-sandbox/monitoring:trixie';

/** Built once, like the sandbox's other images. */
export async function buildMonitoring(docker: Docker): Promise<void> {
  await buildImage(docker, {
    tag: monitoringImage,
    context: join(sandboxDirectory, 'images/monitoring'),
    bases: [baseImage],
  });
}

export interface MonitoringOptions {
  /** Goes with this sandbox when it is taken down. */
  readonly sandbox: { readonly name: string; readonly docker: Docker };
  /** Distinguishes several of one sandbox. */
  readonly name: string;
  /** Holds `prometheus.yml` and `alertmanager.yml` and what they name; both see it as `/etc/alertmanager`. */
  readonly directory: string;
  readonly prometheusPort: number;
  readonly alertmanagerPort: number;
}

/** Starts both in the network of this machine, so they reach processes of tests. @returns a function that removes them. */
export async function startMonitoring(options: MonitoringOptions): Promise<() => Promise<void>> {
  const { sandbox, directory, prometheusPort, alertmanagerPort } = options;
  const programs = {
    prometheus: {
      port: prometheusPort,
      command: ['prometheus', '--storage.tsdb.path=/tmp/prometheus'],
    },
    alertmanager: {
      port: alertmanagerPort,
      command: ['prometheus-alertmanager', '--storage.path=/tmp/alertmanager', '--cluster.listen-address='],
    },
  };
  const containers: string[] = [];
  for (const [program, { port, command }] of Object.entries(programs)) {
    const container = `jtel-sandbox-${sandbox.name}-${options.name}-${program}`;
    containers.push(container);
    await sandbox.docker.remove(container);
    const place = ['--name', container, '--network', 'host', '-v', `${directory}:/etc/alertmanager:ro`];
    const config = `--config.file=/etc/alertmanager/${program}.yml`;
    await sandbox.docker.run([
      'run',
      '-d',
      ...place,
      ...sandboxLabels(sandbox.name, 'monitoring'),
      monitoringImage,
      ...command,
      config,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
  }
  for (const [index, port] of [prometheusPort, alertmanagerPort].entries()) {
    const container = containers[index] ?? '';
    await poll(`${container} to be ready`, 180, async () => {
      const state = await sandbox.docker.container(container);
      if (state?.State.Running !== true) {
        const { stdout, stderr } = await sandbox.docker.tryRun(['logs', container]);
        throw new Error(`${container} ended:\n${stdout}${stderr}`);
      }
      return fetch(`http://127.0.0.1:${port}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
  }
  return async () => {
    for (const container of containers) await sandbox.docker.remove(container);
  };
}
