/**
 * Writes what follows from the metrics: docs/metrics.md and the dashboards in deploy/monitoring. `make generate` runs it; `--check` writes nothing and fails when
 * a file is not what it would write.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dashboards } from './dashboards/index.ts';
import { metricsPage } from './metrics-page.ts';

/** Path from the repository's root → content. */
function generate(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/metrics.md', metricsPage()],
    ...Object.entries(dashboards).map(
      ([name, dashboard]) =>
        [
          `deploy/monitoring/dashboards/${name}.json`,
          `${JSON.stringify(dashboard, undefined, 2)}\n`,
        ] as const,
    ),
  ]);
}

async function main(argv: readonly string[]): Promise<number> {
  const stale: string[] = [];
  for (const [file, content] of generate()) {
    const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
    if ((await readFile(path, 'utf8').catch(() => undefined)) === content) continue;
    stale.push(file);
    if (argv.includes('--check')) continue;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  if (!argv.includes('--check')) return 0;
  for (const file of stale) console.error(`${file} is stale; run "make generate" and commit it`);
  return stale.length === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
