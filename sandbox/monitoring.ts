/** Debian's Prometheus and Alertmanager: they scrape the operator, and their tools check its rules. */
import { join } from 'node:path';
import { baseImage } from '../kit/base-image.ts';
import type { Docker } from '../kit/docker.ts';
import { buildImage } from '../kit/image.ts';
import { sandboxDirectory } from '../kit/paths.ts';

export const monitoringImage = 'jtel-sandbox/monitoring:trixie';

/** Built once, like the sandbox's other images. */
export async function buildMonitoring(docker: Docker): Promise<void> {
  await buildImage(docker, {
    tag: monitoringImage,
    context: join(sandboxDirectory, 'images/monitoring'),
    bases: [baseImage],
  });
}
